import { runDesktop } from "@lanspread/desktop";
import { makeDirectories } from "@lanspread/peer";
import { EXIT } from "../exit-codes.ts";
import { openUnpacker, stateDirOf } from "../link/own-peer.ts";
import { gamesPlace, peerSettings } from "../link/peer-settings.ts";
import { createStderrLogger } from "../log.ts";
import type { PeerFlags } from "../options.ts";
import type { CommandContext, CommandOutcome } from "../run-command.ts";

export interface DesktopFlags {
  /** False with `--no-window`. */
  readonly window: boolean;
  /** Flags for the browser. */
  readonly browserFlag?: readonly string[];
}

/**
 * `lanspread desktop`: shows the party in a window, and shares the games folder meanwhile. Ends when the last window is
 * closed, or when it is asked to end. Where an app runs already, that opens a window.
 */
export async function desktop(
  context: CommandContext,
  flags: PeerFlags & DesktopFlags,
  version: string,
): Promise<CommandOutcome> {
  const { reporter, verbosity, signal } = context;
  const { gamesDir, named } = gamesPlace(flags);
  if (!named) await makeDirectories(gamesDir);
  const unpacker = await openUnpacker(context, flags, signal);
  const ranHere = await runDesktop({
    peer: { gamesDir, stateDir: stateDirOf(flags), ...(unpacker === undefined ? {} : { unpacker }) },
    explicit: { ...peerSettings(flags), ...(named ? { gamesDir } : {}) },
    version,
    logger: createStderrLogger(reporter, verbosity),
    opensWindows: flags.window,
    browserFlags: flags.browserFlag ?? [],
    signal,
    onAddress: (address) => reporter.notice(`lanspread is at ${address} (good once, for five minutes)`),
  });
  if (!ranHere) reporter.notice("lanspread runs already: it shows its window");
  return { exit: EXIT.done, result: { kind: "nothing" } };
}

import { type RunDesktopOptions, runDesktop } from "@lanspread/desktop";
import type { Unpacker } from "@lanspread/peer";
import { makeDirectories } from "@lanspread/peer/base";
import { EXIT } from "../exit-codes.ts";
import { gamesPlace, peerSettings, stateDirOf } from "../link/peer-settings.ts";
import { createStderrLogger } from "../log.ts";
import type { PeerFlags } from "../options.ts";
import type { CommandContext, CommandOutcome } from "../run-command.ts";

export interface DesktopFlags {
  /** False with `--no-window`. */
  readonly window: boolean;
  /** Flags for the browser. */
  readonly browserFlag?: readonly string[];
  /** A party of the demo instead of the network's. */
  readonly demo?: boolean;
  /** Of each player of the demo, MB/s. */
  readonly demoRate: number;
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
  if (flags.demo === true) return await demo(context, flags, version);
  const { gamesDir, named } = gamesPlace(flags);
  if (!named) await makeDirectories(gamesDir);
  const ranHere = await run(context, flags, {
    peer: { gamesDir, stateDir: stateDirOf(flags) },
    explicit: { ...peerSettings(flags), ...(named ? { gamesDir } : {}) },
    version,
  });
  if (!ranHere) context.reporter.notice("lanspread runs already: it shows its window");
  return { exit: EXIT.done, result: { kind: "nothing" } };
}

/** `lanspread desktop --demo`: the app among players of the demo, with folders of its own that are removed in the end. */
async function demo(
  context: CommandContext,
  flags: PeerFlags & DesktopFlags,
  version: string,
): Promise<CommandOutcome> {
  const { reporter, verbosity, signal } = context;
  reporter.notice("making games for three players of the demo; everything is removed at the end");
  const logger = createStderrLogger(reporter, verbosity);
  const { startDemoParty } = await import("../demo/demo-party.ts");
  await using party = await startDemoParty({ rate: flags.demoRate, logger, signal });
  const { name, lanes } = flags;
  const explicit = {
    ...party.own,
    ...(name === undefined ? {} : { name }),
    ...(lanes === undefined ? {} : { lanes }),
  };
  await run(context, flags, { peer: party.own, explicit, version, isWelcomed: true });
  reporter.notice("the demo ends; nothing of it stays behind");
  return { exit: EXIT.done, result: { kind: "nothing" } };
}

async function run(
  context: CommandContext,
  flags: PeerFlags & DesktopFlags,
  { peer, ...options }: Pick<RunDesktopOptions, "peer" | "explicit" | "version" | "isWelcomed">,
): Promise<boolean> {
  const { reporter, verbosity, signal } = context;
  const unpacker = await unpackerOf(context, flags);
  return await runDesktop({
    ...options,
    peer: { ...peer, ...(unpacker === undefined ? {} : { unpacker }) },
    logger: createStderrLogger(reporter, verbosity),
    opensWindows: flags.window,
    browserFlags: flags.browserFlag ?? [],
    signal,
    onAddress: (address) => reporter.notice(`open ${address} in a browser (good once, for five minutes)`),
  });
}

/** What has the peer in it is loaded where it is needed: the window does not wait for it. */
async function unpackerOf(context: CommandContext, flags: PeerFlags): Promise<Unpacker | undefined> {
  if (flags.unrar === undefined) return undefined;
  const { openUnpacker } = await import("../link/own-peer.ts");
  return await openUnpacker(context, flags, context.signal);
}

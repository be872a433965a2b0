import type { Peer } from "@lanspread/peer";
import { toHarnessEvent } from "@lanspread/proto";
import { EXIT } from "../exit-codes.ts";
import { CommandError } from "../failure.ts";
import { untilAborted } from "../interrupt.ts";
import { startOwnPeer } from "../link/own-peer.ts";
import type { PeerFlags } from "../options.ts";
import { createNarrator } from "../report/narrate.ts";
import type { CommandContext, CommandOutcome } from "../run-command.ts";

/**
 * `lanspread serve`: shares the games folder and stays. Ends with success when it is asked to end, by a signal or
 * through the control socket.
 */
export async function serve(context: CommandContext, flags: PeerFlags): Promise<CommandOutcome> {
  const peer = await startOwnPeer(context, flags);
  const leave = tellNews(context, peer);
  try {
    await Promise.race([peer.stopped, untilAborted(context.signal)]);
  } finally {
    await peer.stop();
    leave();
  }
  const { failed } = await peer.stopped;
  if (failed !== null) throw new CommandError(failed);
  return { exit: EXIT.done, result: { kind: "nothing" } };
}

/** Prints who and where this peer is, then everything that happens, as long as the peer runs. */
function tellNews(context: CommandContext, peer: Peer): () => void {
  const { reporter } = context;
  const { status } = peer.snapshot();
  const narrate = createNarrator();
  const told = new Set<string>();
  const warnOnce = (warnings: readonly string[]): void => {
    for (const warning of warnings) if (!told.has(warning)) reporter.warn(warning);
    for (const warning of warnings) told.add(warning);
  };
  reporter.notice(
    `"${status.name}" is in party "${status.party}" at ${status.addr}, with the games of ${status.gamesDir}`,
  );
  return peer.onEvent((event) => {
    reporter.record(toHarnessEvent(event, Date.now()));
    const text = narrate(event);
    if (text !== undefined) reporter.notice(text);
    if (event.type !== "local-library-changed") return;
    warnOnce(peer.snapshot().warnings);
    for (const game of event.games) warnOnce(game.warnings.map((warning) => `${game.id}: ${warning}`));
  });
}

import type { Peer } from "@lanspread/peer";
import { toHarnessEvent } from "@lanspread/proto";
import { EXIT } from "../exit-codes.ts";
import { CommandError } from "../failure.ts";
import { untilAborted } from "../interrupt.ts";
import { startOwnPeer } from "../link/own-peer.ts";
import type { PeerFlags } from "../options.ts";
import { createNarrator } from "../report/narrate.ts";
import type { CommandContext, CommandOutcome } from "../run-command.ts";
import { tellGamesDirProblem } from "./tell-problem.ts";

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
  let told: ReadonlySet<string> = new Set();
  // A warning that was gone and is there again is news.
  const warn = (warnings: readonly string[]): void => {
    for (const warning of warnings) if (!told.has(warning)) reporter.warn(warning);
    told = new Set(warnings);
  };
  reporter.notice(
    `"${status.name}" is in party "${status.party}" at ${status.addr}, with the games of ${status.gamesDir}`,
  );
  const noMoreProblems = tellGamesDirProblem(reporter, peer);
  const noMoreEvents = peer.onEvent((event) => {
    reporter.record(toHarnessEvent(event, Date.now()));
    const text = narrate(event);
    if (text !== undefined) reporter.notice(text);
    if (event.type !== "local-library-changed") return;
    const { warnings, gamesDirProblem } = peer.snapshot();
    const ofGames = event.games.flatMap(({ id, warnings: own }) => own.map((warning) => `${id}: ${warning}`));
    warn([...warnings.filter((warning) => warning !== gamesDirProblem?.message), ...ofGames]);
  });
  return () => {
    noMoreProblems();
    noMoreEvents();
  };
}

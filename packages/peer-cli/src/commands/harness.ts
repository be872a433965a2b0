import { setTimeout as delay } from "node:timers/promises";
import { createControlSession, type Peer } from "@lanspread/peer";
import { EXIT } from "../exit-codes.ts";
import { CommandError } from "../failure.ts";
import { makeFixture } from "../harness/fixtures.ts";
import { type GuardedStdout, guardStdout } from "../harness/guard-stdout.ts";
import { readCommands } from "../harness/read-commands.ts";
import { untilAborted } from "../interrupt.ts";
import { startOwnPeer } from "../link/own-peer.ts";
import { gamesPlace } from "../link/peer-settings.ts";
import type { OutputFlags, PeerFlags } from "../options.ts";
import type { CommandContext, CommandOutcome } from "../run-command.ts";
import { checkGameIds } from "./operate.ts";
import { tellGamesDirProblem } from "./tell-problem.ts";

/** How long a reader may take for the last lines, ms: longer than a busy machine needs, shorter than patience. */
const LAST_LINES_MS = 5_000;

export interface HarnessFlags extends Pick<OutputFlags, "verbose"> {
  /** Ids of the games that are made before the start. */
  readonly fixture: readonly string[];
}

/**
 * `lanspread harness`: a peer that is driven by JSON lines. From here on stdout belongs to the protocol.
 *
 * Ends with the end of stdin (after the answers), with `shutdown`, with a signal, and when nobody reads stdout.
 */
export async function harness(
  context: CommandContext,
  flags: PeerFlags & HarnessFlags,
): Promise<CommandOutcome> {
  const fixtures = checkGameIds(flags.fixture);
  const stdout = guardStdout(process.stdout, process.stderr, () => {
    context.reporter.warn("nobody reads the answers on stdout: ending");
    context.interrupt.trigger("stdout is not read");
  });
  for (const id of fixtures) await makeFixture(gamesPlace(flags).gamesDir, id);
  const peer = await startOwnPeer(context, flags);
  const noMoreProblems = tellGamesDirProblem(context.reporter, peer);
  try {
    await converse(context, peer, stdout);
  } finally {
    await peer.stop();
    noMoreProblems();
  }
  const { failed } = await peer.stopped;
  if (failed !== null) throw new CommandError(failed);
  return { exit: EXIT.done, result: { kind: "nothing" } };
}

/** Answers line after line; returns when the peer has stopped, and its last event is told. */
async function converse(context: CommandContext, peer: Peer, stdout: GuardedStdout): Promise<void> {
  const over = new AbortController();
  const end = (): void => over.abort();
  const signal = AbortSignal.any([over.signal, context.signal]);
  const session = createControlSession({ peer, writeLine: stdout.writeLine, onShutdown: end });
  void peer.stopped.then(end);
  try {
    await readCommands({
      input: process.stdin,
      onLine: (text) => session.takeLine(text),
      onTooLong: () => session.refuseLine(),
      signal,
    });
    if (!signal.aborted) await Promise.race([session.idle(), untilAborted(signal)]);
    await peer.stop();
    // Nobody is waited for who does not read.
    await Promise.race([session.ended.then(stdout.flush), delay(LAST_LINES_MS, undefined, { ref: false })]);
  } finally {
    session.close();
  }
}

import { createControlSession, type Peer } from "@lanspread/peer";
import { type HarnessLine, MAX_COMMAND_LINE_BYTES } from "@lanspread/proto";
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
  const stdout = guardStdout(process.stdout, process.stderr, () =>
    context.interrupt.trigger("stdout is not read"),
  );
  for (const id of fixtures) await makeFixture(gamesPlace(flags).gamesDir, id);
  const peer = await startOwnPeer(context, flags);
  try {
    await converse(context, peer, stdout);
  } finally {
    await peer.stop();
    await stdout.flush();
  }
  const { failed } = await peer.stopped;
  if (failed !== null) throw new CommandError(failed);
  return { exit: EXIT.done, result: { kind: "nothing" } };
}

/** Answers line after line; returns when the peer is to stop, or has stopped. */
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
      onTooLong: () => stdout.writeLine(JSON.stringify(tooLong())),
      signal,
    });
    if (!signal.aborted) await Promise.race([session.idle(), untilAborted(signal)]);
    // What still happens while the peer stops (cancelled downloads, the last events) is told as well.
    await peer.stop();
  } finally {
    session.close();
  }
}

function tooLong(): HarnessLine {
  return {
    type: "error",
    id: null,
    cmd: null,
    code: "bad-request",
    message: `A command line has at most ${MAX_COMMAND_LINE_BYTES} bytes; this one was longer and was not read.`,
  };
}

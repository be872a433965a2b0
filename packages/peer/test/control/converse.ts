import { setImmediate as nextTurn } from "node:timers/promises";
import { type HarnessCommandInput, type HarnessLine, harnessLineSchema } from "@lanspread/proto";
import { eventually } from "@lanspread/testkit";
import { createControlSession, type Peer } from "../../src/index.ts";

/** How long a client waits for an answer or an event, ms: a machine that is busy with other tests is slow, not wrong. */
const DEADLINE_MS = 60_000;

/** A client of a session: what it was told, and what was asked of its host, in one order. */
export function converse(peer: Peer) {
  const lines: HarnessLine[] = [];
  const story: string[] = [];
  let lastId = 0;
  const session = createControlSession({
    peer,
    writeLine: async (text) => {
      await nextTurn();
      const line = harnessLineSchema.parse(JSON.parse(text));
      lines.push(line);
      story.push(line.type === "event" ? line.event : `${line.type} ${line.cmd}`);
    },
    onShutdown: () => story.push("shut down"),
  });
  const answers = (): HarnessLine[] => lines.filter(({ type }) => type !== "event");
  return {
    session,
    lines,
    story,
    answers,
    /** Everything that a line of input is answered with. */
    say: async (text: string): Promise<HarnessLine[]> => {
      const before = answers().length;
      session.takeLine(text);
      await session.idle();
      return answers().slice(before);
    },
    /** The answer to a command. */
    ask: async (command: HarnessCommandInput): Promise<HarnessLine> => {
      lastId += 1;
      const id = lastId;
      session.takeLine(JSON.stringify({ id, ...command }));
      return await eventually(() => answers().find((line) => line.type !== "event" && line.id === id), {
        what: `the answer to ${command.cmd}`,
        deadlineMs: DEADLINE_MS,
      });
    },
    event: (type: string) =>
      eventually(() => lines.filter((line) => line.type === "event").find(({ event }) => event === type), {
        what: type,
        deadlineMs: DEADLINE_MS,
      }),
  };
}

/** What a command resulted in. */
export function dataOf(line: HarnessLine): Record<string, unknown> {
  if (line.type !== "result") throw new Error(JSON.stringify(line));
  return line.data;
}

/** Never ends by itself. */
export function untilAborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    if (signal?.aborted === true) reject(signal.reason);
    signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

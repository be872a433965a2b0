import { type HarnessLine, harnessLineSchema } from "@lanspread/proto";
import { eventually } from "@lanspread/testkit";
import { type CliOptions, type RunningCli, startCli } from "./cli.ts";

export type EventLine = Extract<HarnessLine, { type: "event" }>;
export type AnswerLine = Exclude<HarnessLine, EventLine>;

/** A minute: a machine that is busy with other tests is slow, not wrong. */
export const DEADLINE_MS = 60_000;

/** For `get`, which looks for others until it has found what it wants: ten seconds are little on a busy machine. */
export const PATIENT = ["--wait", "60"] as const;

/** What an error shows of a harness: enough to see what came instead. */
const LAST_LINES = 12;
const LINE_CHARS = 300;

export function until<T>(what: string, look: () => T | Promise<T>, deadlineMs = DEADLINE_MS) {
  return eventually(look, { what, deadlineMs });
}

/** Every line of stdout; throws for the first that is no line of the contract. */
export function parseLines(stdout: string): HarnessLine[] {
  return stdout
    .split("\n")
    .filter((line, index, all) => index < all.length - 1 || line !== "")
    .map((line) => harnessLineSchema.parse(JSON.parse(line)));
}

/** A harness in a process of its own, driven line by line. */
export interface TestHarness extends RunningCli {
  /** Every whole line so far. */
  lines(): HarnessLine[];
  events(name: string): EventLine[];
  /** The first event of this name; waits for it. What fails instead shows what came last. */
  event(name: string, deadlineMs?: number): Promise<EventLine>;
  /** Sends a command and waits for its answer. */
  ask(command: object): Promise<AnswerLine>;
  /** Ends stdin, which ends the harness. */
  close(): Promise<void>;
  /** What kill -9 does: nothing of it gets to say goodbye. */
  kill(): Promise<void>;
}

export function startTestHarness(args: readonly string[], options: CliOptions = {}): TestHarness {
  const cli = startCli(["harness", ...args], options);
  // A process that was killed takes no more input: its exit is what tests look at.
  cli.child.stdin.on("error", () => {});
  let nextId = 1;
  const lines = (): HarnessLine[] => {
    const text = cli.stdout();
    return parseLines(text.slice(0, text.lastIndexOf("\n") + 1));
  };
  const events = (name: string): EventLine[] =>
    lines().filter((line): line is EventLine => line.type === "event" && line.event === name);
  return {
    ...cli,
    lines,
    events,
    event: (name, deadlineMs = DEADLINE_MS) =>
      eventually(() => events(name)[0], { what: name, deadlineMs }).catch((error: unknown) => {
        const last = lines()
          .slice(-LAST_LINES)
          .map((line) => JSON.stringify(line).slice(0, LINE_CHARS));
        throw new Error([String(error), ...last, cli.stderr()].join("\n"), { cause: error });
      }),
    ask(command) {
      const id = nextId++;
      cli.child.stdin.write(`${JSON.stringify({ id, ...command })}\n`);
      return until(`an answer to ${JSON.stringify(command)}`, () =>
        lines().find((line): line is AnswerLine => line.type !== "event" && line.id === id),
      );
    },
    async close() {
      cli.child.stdin.end();
      await cli.ended;
    },
    async kill() {
      cli.child.kill("SIGKILL");
      await cli.ended;
    },
  };
}

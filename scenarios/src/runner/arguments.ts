import { parseArgs } from "node:util";
import { asScenarioId, type ScenarioId } from "./matrix-document.ts";

/** What the command line asks for. */
export interface RunnerArguments {
  readonly help: boolean;
  /** None: all. */
  readonly ids: readonly ScenarioId[];
  readonly keep: boolean;
  readonly list: boolean;
  readonly sabotage: boolean;
  readonly loopback: boolean;
  /** A scenario that does not run makes the whole fail. */
  readonly failOnSkip: boolean;
  readonly junit: string | undefined;
  /** How many times the whole is run; the first failure ends it. */
  readonly repeat: number;
}

export const USAGE = `usage: pnpm scenarios [S4 S13 ...] [--list] [--keep] [--junit FILE] [--repeat N] [--fail-on-skip]
                      [--loopback] [--sabotage]

  --help        show this
  --list        show the matrix and which rows have a scenario
  --keep        keep the folders and logs of all peers, and say where they are
  --junit FILE  write the results as JUnit XML too
  --repeat N    run all of it N times, or until something fails
  --fail-on-skip
                fail where a scenario is skipped or not written yet: for machines that are to run all of them
  --loopback    processes on 127.0.0.0/8 even where hosts of their own could be made
  --sabotage    break what the peers answer and leave, on purpose, and show that each time the runner notices

examples:
  pnpm scenarios                      all of them
  pnpm scenarios S26 S38 --keep       these two, and their folders afterwards
  pnpm scenarios S56 --repeat 20      until it fails, at most 20 times
`;

const MOST_REPEATS = 1_000;

/** @throws Error that says what is wrong with them */
export function parseArguments(args: readonly string[]): RunnerArguments {
  const flag = { type: "boolean", default: false } as const;
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      help: { ...flag, short: "h" },
      keep: flag,
      list: flag,
      sabotage: flag,
      loopback: flag,
      "fail-on-skip": flag,
      junit: { type: "string" },
      repeat: { type: "string", default: "1" },
    },
  });
  const repeat = Number(values.repeat);
  if (!Number.isInteger(repeat) || repeat < 1 || repeat > MOST_REPEATS) {
    throw new Error(`--repeat takes a whole number from 1 to ${MOST_REPEATS}`);
  }
  const ids = positionals.map((text) => asScenarioId(text.toUpperCase()));
  if (values.sabotage && ids.length > 0) throw new Error("--sabotage chooses its scenarios by itself");
  return {
    help: values.help,
    ids: [...new Set(ids)],
    keep: values.keep,
    list: values.list,
    sabotage: values.sabotage,
    loopback: values.loopback,
    failOnSkip: values["fail-on-skip"],
    junit: values.junit,
    repeat,
  };
}

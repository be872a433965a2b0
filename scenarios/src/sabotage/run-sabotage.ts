import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { programCommand, renderTable } from "lanspread";
import type { MatrixEntry } from "../runner/compare-matrix.ts";
import { type RunScenarioOptions, runScenario } from "../runner/run-scenario.ts";
import { runTasks } from "../runner/schedule.ts";
import type { Scenario } from "../scenario.ts";
import type { SabotageKind } from "./kinds.ts";

const SABOTEUR = fileURLToPath(new URL("./saboteur.ts", import.meta.url));

/** Which scenario is to notice what, and what it has to say. */
interface Attempt {
  readonly kind: SabotageKind;
  readonly id: string;
  /** What one of the faults has to say; undefined where nothing is broken and the scenario has to pass. */
  readonly notices: RegExp | undefined;
  /** It can only be noticed where peers have hosts of their own. */
  readonly needsLan?: true;
  /** What it waits for never comes: the scenario ends after this, ms, instead of after a whole operation's deadline. */
  readonly deadlineMs?: number;
}

/** An attempt mostly waits: for processes to start, and for those that do not end. */
const ATTEMPT_CORES = 0.75;

/** Several times what S4 takes, ms. */
const NEVER_ENDS_MS = 40_000;

const ATTEMPTS: readonly Attempt[] = [
  // That it passes with the saboteur in between shows that it is the sabotage that fails it below.
  { kind: "nothing", id: "S4", notices: undefined },
  { kind: "nothing", id: "S5", notices: undefined },
  { kind: "flipped-byte", id: "S4", notices: /bfbc2\.eti has other bytes/u },
  { kind: "missing-sentinel", id: "S4", notices: /version\.ini is missing/u },
  { kind: "extra-file", id: "S4", notices: /readme\.bak should not be there/u },
  { kind: "flipped-byte-in-local", id: "S5", notices: /cnctw\/local: .* has other bytes/u },
  { kind: "staging-left", id: "S4", notices: /left something unfinished: .*\.local\.installing/u },
  { kind: "intent-left", id: "S5", notices: /left something unfinished: .*install_intent\.json/u },
  { kind: "temporary-file-left", id: "S4", notices: /left a temporary file: .*unpacked/u },
  {
    kind: "end-event-early",
    id: "S4",
    notices: /order of events: bfbc2: .* still listed/u,
    deadlineMs: NEVER_ENDS_MS,
  },
  { kind: "end-event-twice", id: "S5", notices: /order of events: cnctw: .* ends nothing/u },
  { kind: "stray-line", id: "S4", notices: /printed a line outside its protocol/u },
  { kind: "transfer-left", id: "S4", notices: /not within .*: (?:client|source-1) comes to rest/u },
  { kind: "leaked-process", id: "S4", notices: /processes were left behind/u },
  { kind: "leaked-stranger", id: "S4", notices: /processes were left behind/u, needsLan: true },
  { kind: "exit-code", id: "S4", notices: /did not stop by itself: code 3/u },
  { kind: "never-stops", id: "S4", notices: /did not stop by itself: .* after SIGKILL/u },
  { kind: "stops-when-forced", id: "S4", notices: /did not stop by itself: code 0, .* after SIGTERM/u },
];

export interface RunSabotageOptions
  extends Omit<RunScenarioOptions, "program" | "keep" | "keepLogs" | "folder"> {
  readonly entries: readonly MatrixEntry<Scenario>[];
  /** Whether the hosts that are made have a network of their own. */
  readonly isLan: boolean;
  readonly print: (line: string) => void;
}

/** Breaks one thing at a time in a scenario, several scenarios at once; resolves with whether each was noticed, and nothing else. */
export async function runSabotage({
  entries,
  isLan,
  print,
  ...options
}: RunSabotageOptions): Promise<boolean> {
  const attempts = ATTEMPTS.filter(({ needsLan = false }) => isLan || !needsLan);
  const rows: string[][] = [];
  let isWell = true;
  const attempt = async ({ kind, id, notices, deadlineMs }: Attempt, index: number): Promise<void> => {
    options.signal.throwIfAborted();
    const entry = entries.find(({ row }) => row.id === id);
    if (entry?.scenario === undefined) throw new Error(`${id} is not written`);
    const scenario = deadlineMs === undefined ? entry.scenario : { ...entry.scenario, deadlineMs };
    const program = [process.execPath, SABOTEUR, kind, ...programCommand, "harness"] as const;
    const outcome = await runScenario(entry.row, scenario, {
      ...{ ...options, keep: false, keepLogs: false, folder: `${id}-${index}` },
      program: [...program],
    });
    const faults = outcome.result === "failed" ? outcome.faults : [];
    const noticed = notices === undefined ? faults.length === 0 : faults.find((fault) => notices.test(fault));
    const isRight = outcome.result !== "skipped" && noticed !== undefined && noticed !== false;
    isWell &&= isRight;
    const said = typeof noticed === "string" ? noticed : (faults[0] ?? "passed");
    const row = [kind, id, isRight ? "right" : "WRONG", said.split("\n")[0] ?? ""];
    rows[index] = row;
    print(row.join("  "));
  };
  const tasks = attempts.map((each, index) => ({ cores: ATTEMPT_CORES, run: () => attempt(each, index) }));
  await runTasks(tasks, availableParallelism());
  const columns = [{ title: "SABOTAGE" }, { title: "ID" }, { title: "RUNNER" }, { title: "IT SAID" }];
  for (const line of ["", ...renderTable(columns, rows)]) print(line);
  return isWell;
}

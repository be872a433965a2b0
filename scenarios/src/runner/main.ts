import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { takeEnding } from "../ending.ts";
import { removeLeftovers, removeNow } from "../hosts/leftovers.ts";
import { makeRunId, workspaceName } from "../hosts/run-id.ts";
import { createFixtures } from "../library/fixtures.ts";
import { SCENARIOS } from "../matrix/index.ts";
import { runSabotage } from "../sabotage/run-sabotage.ts";
import type { Scenario } from "../scenario.ts";
import type { StagePeer } from "../stage/stage-peer.ts";
import { createWorkspace, type Workspace } from "../workspace.ts";
import { parseArguments, type RunnerArguments, USAGE } from "./arguments.ts";
import { joinMatrix, type MatrixEntry, selectEntries } from "./compare-matrix.ts";
import { CLEAN_UP_DEADLINE_MS, NEEDED_BYTES } from "./constants.ts";
import { toJunit } from "./junit.ts";
import { keepAs } from "./keep.ts";
import { parseMatrix } from "./matrix-document.ts";
import { countOf } from "./outcome.ts";
import { failureLines, listLines, outcomeLine, reportLines } from "./report.ts";
import { hostMaker, runMatrix, whyLoopback } from "./run-matrix.ts";

// `pnpm scenarios`: the matrix of scenarios/matrix.md with real processes; exit code 1 where a proof failed, 2 for bad usage.

const MATRIX = new URL("../../matrix.md", import.meta.url);

/** Peers of all scenarios so far; each list grows while its scenario runs. */
const peers: (readonly StagePeer[])[] = [];
let directory: string | undefined;

const ending = takeEnding({ deadlineMs: CLEAN_UP_DEADLINE_MS, endNow });

const args = readArguments();
if (args === undefined) {
  process.exitCode = 2;
} else {
  const code = await run(args).catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  });
  process.exitCode = ending.exitCode(code);
}

async function run({
  help,
  ids,
  keep,
  list,
  junit,
  repeat,
  loopback,
  failOnSkip,
  sabotage,
}: RunnerArguments): Promise<number> {
  if (help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const all = joinMatrix(parseMatrix(await readFile(MATRIX, "utf8")), SCENARIOS);
  const entries = selectEntries(all, ids);
  if (list) {
    print(listLines(entries));
    return 0;
  }
  const { processes, folders, stuck } = await removeLeftovers();
  for (const pid of processes) print([`ended process ${pid} of an earlier run that was killed`]);
  for (const folder of folders) print([`removed ${folder} of an earlier run that was killed`]);
  for (const what of stuck) print([`could not remove what an earlier run has left: ${what}`]);
  const why = whyLoopback(loopback);
  if (why !== undefined) print([`every peer is a process on 127.0.0.0/8 (${why})`]);
  if (sabotage) return (await sabotageAll(all, loopback)) ? 0 : 1;
  for (let turn = 1; turn <= repeat && !ending.signal.aborted; turn++) {
    const workspace = await makeWorkspace();
    const startedAt = performance.now();
    try {
      const outcomes = await runMatrix({
        ...{ entries, workspace, keep, loopback },
        signal: ending.signal,
        onOutcome: (outcome) => {
          if (outcome.result !== "not written") print([outcomeLine(outcome), ...failureLines(outcome)]);
        },
        onPeers: (made) => void peers.push(made),
      });
      const left = outcomes.length - countOf(outcomes, "passed") - countOf(outcomes, "failed");
      print([
        "",
        ...(repeat === 1 ? [] : [`run ${turn} of ${repeat}`]),
        ...reportLines(outcomes, performance.now() - startedAt),
      ]);
      if (failOnSkip && left > 0) print([`${left} did not run, which fails with --fail-on-skip`]);
      if (junit !== undefined) await writeFile(junit, toJunit(outcomes));
      if (countOf(outcomes, "failed") > 0 || (failOnSkip && left > 0)) return 1;
    } finally {
      if (keep) print([`everything is kept in ${await keepAs(workspace.root, "kept")}`]);
      else await workspace.remove();
      directory = undefined;
      // With all that they have said: many runs would be too much to remember.
      peers.length = 0;
    }
  }
  return 0;
}

async function makeWorkspace(): Promise<Workspace> {
  // Short: a control socket has some hundred bytes for its whole path. The folder's name gets further letters of its own.
  const name = workspaceName(makeRunId(process.pid, randomBytes(2).toString("hex")));
  const workspace = await createWorkspace(name, NEEDED_BYTES);
  directory = workspace.root;
  return workspace;
}

async function sabotageAll(entries: readonly MatrixEntry<Scenario>[], loopback: boolean): Promise<boolean> {
  const workspace = await makeWorkspace();
  try {
    return await runSabotage({
      ...{ entries, workspace, signal: ending.signal },
      fixtures: createFixtures(`${workspace.peers}/fixtures`, ending.signal),
      createHosts: hostMaker(loopback),
      isLan: whyLoopback(loopback) === undefined,
      print: (line) => print([line]),
      onPeers: (made) => void peers.push(made),
    });
  } finally {
    await workspace.remove();
  }
}

function readArguments(): RunnerArguments | undefined {
  try {
    return parseArguments(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    return undefined;
  }
}

function print(lines: readonly string[]): void {
  for (const line of lines) process.stdout.write(`${line}\n`);
}

/** The last resort: kills whatever runs and removes its files, without waiting for anybody. */
function endNow(code: number): never {
  try {
    for (const peer of peers.flat()) peer.killNow();
    removeNow(process.pid, directory);
  } catch (error) {
    // The next run removes it. What is thrown here would come back as a failure that nobody caught.
    process.stderr.write(`could not remove everything: ${error instanceof Error ? error.message : error}\n`);
  }
  process.exit(code);
}

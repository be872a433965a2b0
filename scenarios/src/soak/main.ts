import { randomInt } from "node:crypto";
import { rmSync } from "node:fs";
import { constants } from "node:os";
import { parseArgs } from "node:util";
import {
  CLEAN_UP_DEADLINE_MS,
  DEFAULT_MINUTES,
  DEFAULT_PEERS,
  LEAST_PEERS,
  MOST_MINUTES,
  MOST_PEERS,
} from "./constants.ts";
import { type Emergency, runMeshSoak } from "./run-mesh.ts";

// `pnpm soak mesh`: a party of real processes for as long as one likes; exit code 1 where a view was wrong or something grew.

const USAGE = `usage: pnpm soak mesh [--minutes ${DEFAULT_MINUTES}] [--peers ${DEFAULT_PEERS}] [--seed N]

  --minutes N  how long things happen; rests come on top
  --peers N    ${LEAST_PEERS} to ${MOST_PEERS}
  --seed N     tells the same story again; by default a new one every time
`;

const MOST_SEED = 2 ** 32;

let emergency: Emergency | undefined;
let endedBy: NodeJS.Signals | undefined;
const controller = new AbortController();

for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(name, () => {
    if (endedBy !== undefined) endNow(exitCodeOf(endedBy));
    endedBy = name;
    controller.abort(new Error(`ended by ${name}`));
    setTimeout(() => endNow(exitCodeOf(name)), CLEAN_UP_DEADLINE_MS).unref();
  });
}
// A closed terminal takes the output away, not the duty to clean up.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
process.on("uncaughtException", (error) => {
  process.stderr.write(`${error.stack ?? error.message}\n`);
  endNow(1);
});

const options = readArguments();
if (options === null) {
  process.stderr.write(USAGE);
  process.exitCode = 2;
} else {
  const startedAt = performance.now();
  const isWell = await runMeshSoak({
    ...options,
    print: (line) => {
      const at = ((performance.now() - startedAt) / 1_000).toFixed(1).padStart(7);
      process.stdout.write(line === "" ? "\n" : `${at} s  ${line}\n`);
    },
    signal: controller.signal,
    onResources: (resources) => {
      emergency = resources;
    },
  });
  process.exitCode = endedBy === undefined ? (isWell ? 0 : 1) : exitCodeOf(endedBy);
}

function readArguments(): { minutes: number; peers: number; seed: number } | null {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { minutes: { type: "string" }, peers: { type: "string" }, seed: { type: "string" } },
    });
    const minutes = Number(values.minutes ?? DEFAULT_MINUTES);
    const peers = Number(values.peers ?? DEFAULT_PEERS);
    const seed = Number(values.seed ?? randomInt(MOST_SEED));
    const isSane =
      minutes > 0 &&
      minutes <= MOST_MINUTES &&
      Number.isInteger(peers) &&
      peers >= LEAST_PEERS &&
      peers <= MOST_PEERS &&
      Number.isInteger(seed) &&
      seed >= 0 &&
      seed < MOST_SEED;
    return positionals.length === 1 && positionals[0] === "mesh" && isSane ? { minutes, peers, seed } : null;
  } catch {
    return null;
  }
}

/** The last resort: kills the peers by their process ids and removes their files, without waiting for anybody. */
function endNow(code: number): never {
  emergency?.kill();
  if (emergency !== undefined) {
    rmSync(emergency.directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
  process.exit(code);
}

/** The code that a shell gives to a process that a signal ended. */
function exitCodeOf(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}

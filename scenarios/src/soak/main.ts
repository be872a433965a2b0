import { randomInt } from "node:crypto";
import { rmSync } from "node:fs";
import { parseArgs } from "node:util";
import { takeEnding } from "../ending.ts";
import {
  CLEAN_UP_DEADLINE_MS,
  DEFAULT_MINUTES,
  DEFAULT_PEERS,
  LEAST_PEERS,
  MOST_MINUTES,
  MOST_PEERS,
} from "./constants.ts";
import { DEFAULT_KILLS, DEFAULT_MIB, LEAST_MIB, MOST_KILLS, MOST_MIB } from "./download/constants.ts";
import { runDownloadSoak } from "./download/run-download.ts";
import { type Emergency, runMeshSoak } from "./run-mesh.ts";

// `pnpm soak mesh`: a party of real processes for as long as one likes; exit code 1 where a view was wrong or something grew.
// `pnpm soak download`: downloads whose receiver is killed; exit code 1 where half a game was offered or too much came twice.

const USAGE = `usage: pnpm soak mesh [--minutes ${DEFAULT_MINUTES}] [--peers ${DEFAULT_PEERS}] [--seed N]
       pnpm soak download [--kills ${DEFAULT_KILLS}] [--mib ${DEFAULT_MIB}] [--seed N]

  --minutes N  how long things happen; rests come on top
  --peers N    ${LEAST_PEERS} to ${MOST_PEERS}
  --kills N    of the receiver, half of them at changes of its disk, half at any time
  --mib N      size of the game
  --seed N     tells the same story again; by default a new one every time
`;

const WANTS_HELP = ["--help", "-h"].some((option) => process.argv.includes(option));

const MOST_SEED = 2 ** 32;

let emergency: Emergency | undefined;

const ending = takeEnding({ deadlineMs: CLEAN_UP_DEADLINE_MS, endNow });

const options = readArguments();
if (WANTS_HELP) {
  process.stdout.write(USAGE);
} else if (options === null) {
  process.stderr.write(USAGE);
  process.exitCode = 2;
} else {
  const startedAt = performance.now();
  const run = {
    print: (line: string) => {
      const at = ((performance.now() - startedAt) / 1_000).toFixed(1).padStart(7);
      process.stdout.write(line === "" ? "\n" : `${at} s  ${line}\n`);
    },
    signal: ending.signal,
    onResources: (resources: Emergency) => {
      emergency = resources;
    },
  };
  const isWell =
    options.what === "mesh"
      ? await runMeshSoak({ ...options, ...run })
      : await runDownloadSoak({ ...options, ...run });
  process.exitCode = ending.exitCode(isWell ? 0 : 1);
}

type Arguments =
  | { readonly what: "mesh"; readonly minutes: number; readonly peers: number; readonly seed: number }
  | { readonly what: "download"; readonly kills: number; readonly mib: number; readonly seed: number };

function readArguments(): Arguments | null {
  try {
    const text = { type: "string" } as const;
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { minutes: text, peers: text, kills: text, mib: text, seed: text },
    });
    const [what] = positionals;
    const seed = Number(values.seed ?? randomInt(MOST_SEED));
    if (positionals.length !== 1 || !isWhole(seed, 0, MOST_SEED - 1)) return null;
    if (what === "mesh" && values.kills === undefined && values.mib === undefined) {
      const minutes = Number(values.minutes ?? DEFAULT_MINUTES);
      const peers = Number(values.peers ?? DEFAULT_PEERS);
      const isSane = minutes > 0 && minutes <= MOST_MINUTES && isWhole(peers, LEAST_PEERS, MOST_PEERS);
      return isSane ? { what, minutes, peers, seed } : null;
    }
    if (what === "download" && values.minutes === undefined && values.peers === undefined) {
      const kills = Number(values.kills ?? DEFAULT_KILLS);
      const mib = Number(values.mib ?? DEFAULT_MIB);
      const isSane = isWhole(kills, 1, MOST_KILLS) && isWhole(mib, LEAST_MIB, MOST_MIB);
      return isSane ? { what, kills, mib, seed } : null;
    }
    return null;
  } catch {
    return null;
  }
}

function isWhole(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}

/** The last resort: kills the peers by their process ids and removes their files, without waiting for anybody. */
function endNow(code: number): never {
  emergency?.kill();
  if (emergency !== undefined) {
    rmSync(emergency.directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
  process.exit(code);
}

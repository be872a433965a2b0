import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { BenchContext, Table } from "../bench.ts";
import { beside } from "../beside.ts";
import { Child } from "../child.ts";
import { median, medianRatio, spread } from "../statistics.ts";
import type { Amounts } from "./constants.ts";
import type { Cost } from "./cost.ts";
import { makeGames, makeLargeGame } from "./make-games.ts";
import type { Started, StartSettings, Walked, WalkSettings } from "./messages.ts";

const HOSTS = {
  start: beside(import.meta.url, "./hosts/start"),
  walk: beside(import.meta.url, "./hosts/walk"),
};

/** All that was measured of one library, round by round. */
export interface LibrarySeries {
  readonly label: string;
  readonly games: number;
  files: number;
  readonly cold: Cost[];
  readonly warm: Cost[];
  readonly walk: Cost[];
  readonly walkSync: Cost[];
  /** Of every change of every round. */
  readonly changes: Cost[];
  /** After a start over an unchanged library, in bytes. */
  readonly memory: number[];
}

/** Makes libraries in `dir` and starts over them; in each round every measurement is made once of each library. */
export async function measureStarts(
  dir: string,
  amounts: Amounts,
  context: BenchContext,
): Promise<readonly LibrarySeries[]> {
  const all: LibrarySeries[] = [];
  for (const games of amounts.sizes) {
    context.progress(`making ${games} games`);
    await makeGames(join(dir, String(games)), games);
    all.push(emptySeries(String(games), games));
  }
  context.progress(`making a game of ${amounts.largeGameFiles} files`);
  await makeLargeGame(join(dir, LARGE), amounts.largeGameFiles);
  all.push(emptySeries(LARGE, 1));
  for (let round = 1; round <= amounts.rounds; round++) {
    for (const series of all) {
      context.progress(`round ${round} of ${amounts.rounds}: library ${series.label}`);
      await measureRound(dir, series, round, amounts, context.signal);
    }
  }
  return all;
}

const LARGE = "one large game";

function emptySeries(label: string, games: number): LibrarySeries {
  return { label, games, files: 0, cold: [], warm: [], walk: [], walkSync: [], changes: [], memory: [] };
}

async function measureRound(
  dir: string,
  series: LibrarySeries,
  round: number,
  { changes }: Amounts,
  signal: AbortSignal,
): Promise<void> {
  const gamesDir = join(dir, series.label);
  const stateDir = join(dir, `state of ${series.label}, round ${round}`);
  await mkdir(stateDir);
  const start = (some: Partial<StartSettings>) =>
    startLibrary(
      { gamesDir, stateDir, changes: 0, settle: false, weigh: false, ...some },
      series.games,
      signal,
    );
  const cold = await start({ settle: true });
  series.cold.push(cold.start);
  series.walk.push((await walk({ dir: gamesDir, how: "promises" }, series, signal)).cost);
  const warm = await start({});
  series.warm.push(warm.start);
  series.walkSync.push((await walk({ dir: gamesDir, how: "sync" }, series, signal)).cost);
  const changed = await start({ changes: Math.min(changes, series.games) });
  series.changes.push(...changed.changes);
  series.memory.push((await start({ weigh: true })).memoryBytes);
}

async function startLibrary(settings: StartSettings, games: number, signal: AbortSignal): Promise<Started> {
  await using child = new Child({ module: HOSTS.start, settings, signal });
  const started = (await child.says()) as Started;
  if (started.games !== games) throw new Error(`${started.games} games were found instead of ${games}`);
  return started;
}

async function walk(settings: WalkSettings, series: LibrarySeries, signal: AbortSignal): Promise<Walked> {
  await using child = new Child({ module: HOSTS.walk, settings, signal });
  const walked = (await child.says()) as Walked;
  series.files = walked.files;
  return walked;
}

export function startTable(all: readonly LibrarySeries[]): Table {
  return {
    title: "Starts over a library in a process of its own, and plain walks of the same tree; ms",
    columns: ["games", "files", "what", "wall", "from-to", "CPU", "longest block", "of it CPU", "x walk"],
    rows: all.flatMap((series) => {
      const { label, files, cold, warm, walk, walkSync } = series;
      const row = (what: string, costs: readonly Cost[]) => [
        label,
        String(files),
        what,
        median(walls(costs)),
        spread(walls(costs)),
        median(cpus(costs)),
        median(blocks(costs)),
        median(costs.map(({ blockCpuMs }) => blockCpuMs)),
        medianRatio(walls(costs), walls(walk)),
      ];
      return [
        row("cold start", cold),
        row("warm start", warm),
        row("plain walk, promises", walk),
        row("plain walk, synchronous", walkSync),
      ];
    }),
  };
}

export function changeTable(all: readonly LibrarySeries[]): Table {
  return {
    title: "One changed game, from the look to the written revision; memory of a started library",
    columns: ["games", "files", "ms", "from-to", "CPU ms", "longest block, ms", "KB of memory a game"],
    rows: all.map(({ label, games, files, changes, memory }) => [
      label,
      String(files),
      median(walls(changes)),
      spread(walls(changes)),
      median(cpus(changes)),
      median(blocks(changes)),
      (median(memory) ?? 0) / 1_000 / games,
    ]),
  };
}

export function walls(costs: readonly Cost[]): number[] {
  return costs.map(({ wallMs }) => wallMs);
}

export function cpus(costs: readonly Cost[]): number[] {
  return costs.map(({ cpuMs }) => cpuMs);
}

export function blocks(costs: readonly Cost[]): number[] {
  return costs.map(({ blockMs }) => blockMs);
}

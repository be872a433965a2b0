import { temporaryDirectory } from "@lanspread/testkit";
import type { Bar, Bench, BenchContext, Report } from "../bench.ts";
import { median, medianRatio } from "../statistics.ts";
import {
  BAR_AGAINST_WALK,
  BAR_BLOCK_MS,
  BAR_CPU_AGAINST_SYNC_WALK,
  BAR_GAMES,
  FULL,
  SHORT,
} from "./constants.ts";
import { hashBar, hashTable, measureHashing } from "./hashing.ts";
import { blocks, changeTable, cpus, type LibrarySeries, measureStarts, startTable, walls } from "./starts.ts";
import { measureParties, partyBars, partyTable } from "./table.ts";

/** The library: what a start, a change and the digests cost, and the libraries of all others in memory. */
export const libraryBench: Bench = {
  name: "library",
  summary: "the library: starts, changes, hashing, and the games of a party in memory",
  run,
};

async function run(context: BenchContext): Promise<Report> {
  const amounts = context.short ? SHORT : FULL;
  await using dir = await temporaryDirectory("lanspread-bench-");
  const libraries = await measureStarts(dir.path, amounts, context);
  const rates = await measureHashing(dir.path, amounts, context);
  const parties = await measureParties(amounts, context);
  return {
    bench: "library",
    tables: [startTable(libraries), changeTable(libraries), hashTable(rates), partyTable(parties)],
    bars: [...startBars(libraries), hashBar(rates), ...partyBars(parties)],
    notes: [
      `Medians of ${amounts.rounds} rounds; in each round everything runs once, each in a process of its own, and ratios are taken within the round.`,
      "A cold start finds no index and walks every game; a warm one finds everything unchanged. Hashing is paused meanwhile.",
      'A plain walk lists every directory (readdir with the kinds of its entries) and reads the state of every file (stat), nothing else. "promises": node:fs/promises, one directory after the other, the files of each side by side; "x walk" is against it. "synchronous": the same with the functions that let nobody else have a turn.',
      `"longest block": for how long the event loop did not turn; "of it CPU": the most processor time that its own thread used meanwhile. Where the first is much larger than the second, other programs wanted the processors.`,
    ],
  };
}

function startBars(all: readonly LibrarySeries[]): Bar[] {
  const library = all.find(({ games }) => games === BAR_GAMES);
  const longest = all.flatMap(({ cold, warm, changes }) =>
    [cold, warm, changes].map((costs) => median(blocks(costs)) ?? 0),
  );
  return [
    {
      what: `warm start of ${BAR_GAMES} games, against a plain walk`,
      measured: library === undefined ? null : medianRatio(walls(library.warm), walls(library.walk)),
      atMost: BAR_AGAINST_WALK,
    },
    {
      what: `CPU of a warm start of ${BAR_GAMES} games, against a synchronous walk`,
      measured: library === undefined ? null : medianRatio(cpus(library.warm), cpus(library.walkSync)),
      atMost: BAR_CPU_AGAINST_SYNC_WALK,
    },
    {
      what: "longest block of the event loop by any start or change, ms",
      measured: Math.max(...longest),
      atMost: BAR_BLOCK_MS,
    },
  ];
}

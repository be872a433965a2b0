import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { temporaryDirectory } from "@lanspread/testkit";
import type { Bench, BenchContext, Report } from "../bench.ts";
import { LOOPBACK } from "../download/bench-peer.ts";
import { Copies } from "../download/copies.ts";
import { findMemoryPlace, isInMemory } from "../download/memory-place.ts";
import { Stand } from "../download/stand.ts";
import { makeArchives, makeStoredGame } from "./archives.ts";
import { type Amounts, FULL, HUGE_LANES, LANES, SHORT, SMALL_FILE_BYTES } from "./constants.ts";
import { hugeBars, hugeTable, measureHugeStream } from "./huge.ts";
import { findPrograms } from "./programs.ts";
import { type UnpackSeries, unpackBars, unpackSeries, unpackTable } from "./unpacking.ts";
import { bothWays, wayBars, wayTable } from "./ways.ts";

/** Unpacking against other programs, and both ways to get a game installed. */
export const installBench: Bench = {
  name: "install",
  summary: "unpacking against other programs, streamed installs: time, disk, memory",
  run,
};

const GAME = "game";
const MIB = 1024 ** 2;

async function run(context: BenchContext): Promise<Report> {
  const amounts = context.short ? SHORT : FULL;
  const { progress, signal } = context;
  const place = await findMemoryPlace(memoryNeeded(amounts));
  await using memory = await temporaryDirectory("lanspread-bench-", place.directory);
  await using disk = await temporaryDirectory("lanspread-bench-");
  const unpacking = await measureUnpacking(join(memory.path, "unpacking"), amounts, context);
  const ways = await measureWays(join(memory.path, "ways"), amounts, context);
  progress("a huge stream");
  const huge = await measureHugeStream({
    ...{ directory: disk.path, wantedBytes: amounts.hugeBytes, lanes: HUGE_LANES, signal },
  });
  return {
    bench: "install",
    tables: [unpackTable(unpacking.series), wayTable(ways, amounts.gameBytes), hugeTable(huge)],
    bars: [...unpacking.bars, ...wayBars(ways), ...hugeBars(huge)],
    notes: [
      `Medians of ${amounts.rounds} rounds; in each round everything runs once, and ratios are taken within the round. "stored": one file of ${amounts.storedBytes / MIB} MiB of noise; "small files": ${amounts.smallFiles} files of ${SMALL_FILE_BYTES / 1024} KiB, stored; "compressed": ${amounts.packedEntries} files of ${amounts.packedEntryBytes / MIB} MiB, by the writer of the tests, which is less thorough than RAR itself.`,
      "What is unpacked is not flushed. Other programs' times include their start; ours the start of the thread, and with another program the headers that are read here.",
      `Lanes of the peers that install both ways: ${LANES}. The huge stream goes onto the disk; "before": when the two had met.`,
      ...(place.problem === null ? [] : [`Archives and games are in ${place.directory}: ${place.problem}.`]),
      ...((await isInMemory(tmpdir())) ? [`${tmpdir()} is in memory: the huge stream went there.`] : []),
      ...(huge.bytes < amounts.hugeBytes
        ? ["The huge stream is smaller than wanted: the disk is full."]
        : []),
      ...unpacking.notes,
    ],
  };
}

/** The archives and one copy unpacked, or the game of both peers unpacked beside its archive. */
function memoryNeeded({
  storedBytes,
  smallFiles,
  packedEntries,
  packedEntryBytes,
  gameBytes,
}: Amounts): number {
  const small = smallFiles * SMALL_FILE_BYTES;
  const packed = packedEntries * packedEntryBytes;
  return Math.max(2 * storedBytes + small + packed, 3 * gameBytes);
}

async function measureUnpacking(directory: string, amounts: Amounts, context: BenchContext) {
  const { progress, signal } = context;
  await using place = await placeAt(directory);
  progress("making archives");
  const { programs, notes } = await findPrograms(place.path, signal);
  const archives = await makeArchives(place.path, amounts);
  const copies = new Copies();
  const options = { archives, programs, directory: place.path, copies, signal };
  const series = unpackSeries(options);
  await rounds(
    series.map((one: UnpackSeries) => ({ ...one, label: `${one.archive.label}, ${one.label}` })),
    amounts.rounds,
    context,
  );
  return { series, bars: unpackBars(series, options), notes };
}

async function measureWays(directory: string, amounts: Amounts, context: BenchContext) {
  const { signal } = context;
  await using place = await placeAt(directory);
  const copies = new Copies();
  await using stand = new Stand({ place: LOOPBACK, directory: place.path, game: "", copies, signal });
  context.progress("making the game");
  const source = await stand.source("source", LANES, [], (gamesDir) =>
    makeStoredGame(join(gamesDir, GAME), amounts.gameBytes),
  );
  const receiver = await stand.receiver("receiver", LANES);
  await source.index(GAME);
  await receiver.meet(source);
  const ways = bothWays({ source, receiver, gameId: GAME, copies });
  await rounds(Object.values(ways), amounts.rounds, context);
  return ways;
}

/** A directory that is deleted in the end: the next part needs its memory. */
async function placeAt(path: string): Promise<{ readonly path: string } & AsyncDisposable> {
  await mkdir(path, { recursive: true });
  return await temporaryDirectory("part-", path);
}

interface Measured<Figures> {
  readonly label: string;
  readonly run: () => Promise<Figures>;
  readonly measured: Figures[];
}

async function rounds<Figures>(
  all: readonly Measured<Figures>[],
  count: number,
  { progress }: BenchContext,
): Promise<void> {
  for (let round = 1; round <= count; round++) {
    for (const { label, run, measured } of all) {
      progress(`round ${round} of ${count}: ${label}`);
      measured.push(await run());
    }
  }
}

import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { temporaryDirectory } from "@lanspread/testkit";
import type { Bench, BenchContext, Report } from "../bench.ts";
import { ETHERNET_DATAGRAM_BYTES, LOOPBACK_DATAGRAM_BYTES } from "../quic/constants.ts";
import { createCredentials } from "../quic/credentials.ts";
import { createLink, linkUnavailable } from "../quic/link.ts";
import { formatNumber } from "../statistics.ts";
import { answerBars, answerTable } from "./answers.ts";
import { bareTransport } from "./bare.ts";
import { type Amounts, BAR_TWO_LANES_CORES, FULL, SHORT, SMALL_FILE_BYTES } from "./constants.ts";
import { Copies } from "./copies.ts";
import { allOf, type FileFigures, fileSeries, filesBars, filesTable, makeFileGames } from "./files.ts";
import { makeGame } from "./games.ts";
import { measureHuge } from "./huge.ts";
import {
  type LaneFigures,
  laneBars,
  laneSeries,
  laneTable,
  type Peak,
  peaksOf,
  standPairs,
} from "./lanes.ts";
import { BUSY_LANES, LOOPBACK_NAME, measureLoopback, otherTable, sourcesTable } from "./loopback.ts";
import { findMemoryPlace, isInMemory } from "./memory-place.ts";
import { peakBars, peakTable } from "./peaks.ts";
import { Stand, type StandOptions } from "./stand.ts";
import type { Series } from "./transfer.ts";
import { warmUp } from "./warm-up.ts";

/** Real peers that fetch games from each other, against the bare transport and against other programs. */
export const downloadBench: Bench = {
  name: "download",
  summary: "downloads by real peers: MB/s, CPU per GiB, memory, answers meanwhile",
  run,
};

const LINK_NAME = "veth, MTU 1,500";
const MIB = 1024 ** 2;

/** Copies of the game that memory has to have room for: the sources', the receiver's, and some for small files and state. */
const COPIES_IN_MEMORY = 3;

async function run(context: BenchContext): Promise<Report> {
  const amounts = context.short ? SHORT : FULL;
  const { signal, progress } = context;
  const small = amounts.smallFiles * SMALL_FILE_BYTES;
  const place = await findMemoryPlace(COPIES_IN_MEMORY * (amounts.bytes + small));
  await using memory = await temporaryDirectory("lanspread-bench-", place.directory);
  await using disk = await temporaryDirectory("lanspread-bench-");
  progress("making the game");
  const game = join(memory.path, "game");
  await makeGame(game, amounts.bytes);
  const tls = await createCredentials();
  const copies = new Copies();
  const bareOptions = { tls, bytes: amounts.bytes, signal };
  const runRounds = (all: readonly Series[]) => rounds(all, amounts.rounds, context);
  const loopback = await measureLoopback({
    ...{ amounts, game, copies, signal, runRounds, progress },
    directory: join(memory.path, LOOPBACK_NAME),
    disk: disk.path,
    bare: bareTransport({ ...bareOptions, link: null, datagramBytes: LOOPBACK_DATAGRAM_BYTES }),
    narrow: bareTransport({ ...bareOptions, link: null, datagramBytes: ETHERNET_DATAGRAM_BYTES }),
  });
  const unavailable = linkUnavailable();
  const lanes = [loopback.lanes];
  const files = [loopback.files];
  const peaks = [...loopback.peaks];
  if (unavailable === undefined) {
    using link = createLink(null);
    const onLink = await measureLink({
      ...{ amounts, game, copies, signal, runRounds, progress },
      directory: join(memory.path, "link"),
      place: { sourcePrefix: link.serverPrefix, receiverPrefix: link.clientPrefix, address: null },
      bare: bareTransport({ ...bareOptions, link, datagramBytes: ETHERNET_DATAGRAM_BYTES }),
    });
    lanes.push(onLink.lanes);
    files.push(onLink.files);
    peaks.push(...onLink.peaks);
  }
  await copies.makeRoomFor(null);
  progress("a huge game");
  const huge = await measureHuge({
    ...{ lanes: BUSY_LANES, signal },
    directory: join(disk.path, "huge"),
    wantedBytes: amounts.hugeBytes,
  });
  const cores = availableParallelism();
  return {
    bench: "download",
    tables: [
      laneTable(lanes),
      sourcesTable(loopback),
      filesTable(files, BUSY_LANES),
      otherTable(loopback),
      peakTable(peaks, huge),
      answerTable(loopback.answers, BUSY_LANES),
    ],
    bars: [
      ...laneBars(lanes, cores),
      ...filesBars(files),
      ...peakBars(huge),
      ...answerBars(loopback.answers),
    ],
    notes: [
      `Medians of ${amounts.rounds} rounds; in each round everything on one link runs once, and ratios are taken within the round. Each game is ${amounts.bytes / MIB} MiB in one file where nothing else is said. "MB/s": from download-begin to the end event; "steady": between a fifth and nine tenths of the bytes.`,
      "rsync compares a checksum of the file in the end, aria2 nothing; neither encrypts. Their time includes their start. The CPU of the server that aria2 fetches from is not measured.",
      `The sparse game came at ${formatNumber(huge.transfer.mbPerS)} MB/s, onto the disk.`,
      ...(place.problem === null ? [] : [`Games are in ${place.directory}: ${place.problem}.`]),
      ...((await isInMemory(tmpdir())) ? [`${tmpdir()} is in memory: the row of the disk is not one.`] : []),
      ...(huge.bytes < amounts.hugeBytes ? [`The huge game is smaller than wanted: the disk is full.`] : []),
      ...(cores < BAR_TWO_LANES_CORES ? [`Two lanes: there are only ${cores} processors.`] : []),
      ...(unavailable === undefined ? [] : [`The link is missing: ${unavailable}.`]),
      ...loopback.notes,
    ],
  };
}

interface LinkOptions extends StandOptions {
  readonly amounts: Amounts;
  readonly bare: Series;
  readonly runRounds: (all: readonly Series[]) => Promise<void>;
  readonly progress: (text: string) => void;
}

async function measureLink(
  options: LinkOptions,
): Promise<{ readonly lanes: LaneFigures; readonly files: FileFigures; readonly peaks: readonly Peak[] }> {
  const { amounts, bare, runRounds, progress } = options;
  await using stand = new Stand(options);
  const pairs = await standPairs(stand, {
    two: { make: (gamesDir) => makeFileGames(gamesDir, amounts.smallFiles) },
  });
  const lanes = laneSeries(LINK_NAME, { bare }, stand, pairs);
  const files = await fileSeries(LINK_NAME, pairs.two, amounts.smallFiles, {
    ...options,
    directory: join(options.directory, "for-one-download"),
  });
  const ready = [lanes.none, lanes.one, lanes.two];
  if (amounts.warmUp) await warmUp(ready, files, (what) => progress(`${LINK_NAME}, ${what}`));
  await runRounds([bare, ...ready, ...allOf(files)]);
  return { lanes, files, peaks: await peaksOf(LINK_NAME, pairs) };
}

async function rounds(all: readonly Series[], count: number, { progress }: BenchContext): Promise<void> {
  for (let round = 1; round <= count; round++) {
    for (const { label, run, measured } of all) {
      progress(`round ${round} of ${count}: ${label}`);
      measured.push(await run());
    }
  }
}

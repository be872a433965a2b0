import { join } from "node:path";
import type { Table } from "../bench.ts";
import { type AnswerTimes, measureAnswers } from "./answers.ts";
import { type BenchPeer, LOOPBACK } from "./bench-peer.ts";
import type { Amounts } from "./constants.ts";
import { allOf, type FileFigures, fileSeries, makeFileGames } from "./files.ts";
import { type LaneFigures, laneSeries, type Peak, peaksOf, standPairs } from "./lanes.ts";
import { otherPrograms } from "./others.ts";
import { plainWrite } from "./plain-write.ts";
import { Stand, type StandOptions } from "./stand.ts";
import { download, rateRatio, rowOf, type Series, series, TRANSFER_COLUMNS } from "./transfer.ts";
import { warmUp } from "./warm-up.ts";

export const LOOPBACK_NAME = "127.0.0.1";

const SHARED = "two-sources";

export interface LoopbackOptions extends Omit<StandOptions, "place"> {
  readonly amounts: Amounts;
  /** On a disk. */
  readonly disk: string;
  /** With datagrams as large as lanes send them here. */
  readonly bare: Series;
  /** With datagrams that fit into an Ethernet frame. */
  readonly narrow: Series;
  /** Runs what it is given once in every round. */
  readonly runRounds: (all: readonly Series[]) => Promise<void>;
  readonly progress: (text: string) => void;
}

/** All that was measured over 127.0.0.1, in the same rounds. */
export interface LoopbackFigures {
  readonly lanes: LaneFigures;
  readonly twoSources: readonly Series[];
  readonly files: FileFigures;
  /** A receiver on a disk, and what the disk does without it. */
  readonly disk: readonly [receiver: Series, alone: Series];
  readonly others: readonly Series[];
  readonly peaks: readonly Peak[];
  readonly answers: AnswerTimes;
  readonly notes: readonly string[];
}

/** Lanes that answer questions and write to a disk while they are measured. */
export const BUSY_LANES = 2;

export async function measureLoopback(options: LoopbackOptions): Promise<LoopbackFigures> {
  const { amounts, directory, disk, game, copies, signal, bare, narrow } = options;
  await using stand = new Stand({ ...options, place: LOOPBACK });
  const [pairs, second, onDisk] = await Promise.all([
    standPairs(stand, {
      one: { ids: [SHARED] },
      two: { make: (gamesDir) => makeFileGames(gamesDir, amounts.smallFiles) },
    }),
    stand.source("second-source", 1, [SHARED]),
    stand.receiver("receiver-on-disk", BUSY_LANES, join(disk, "receiver")),
  ]);
  const { one, two } = pairs;
  const both = [one.source, second];
  await one.source.index(SHARED);
  await second.index(SHARED);
  await one.receiver.meet(second);
  for (const source of both) await two.receiver.meet(source);
  await onDisk.meet(two.source);
  const fetch = (label: string, receiver: BenchPeer, sources: readonly BenchPeer[], gameId: string): Series =>
    series(label, () => download({ receiver, sources, gameId, copies }));
  const figures = {
    lanes: laneSeries(LOOPBACK_NAME, { bare, narrow }, stand, pairs),
    twoSources: [
      fetch("two sources of one lane each, one lane", one.receiver, both, SHARED),
      fetch("two sources of one lane each, two lanes", two.receiver, both, SHARED),
    ],
    files: await fileSeries(LOOPBACK_NAME, two, amounts.smallFiles, {
      ...{ game, copies, signal, place: LOOPBACK },
      directory: join(directory, "for-one-download"),
    }),
    disk: [
      fetch("two lanes, to a disk", onDisk, [two.source], two.gameId),
      series("plain write of as many bytes, flushed", () => plainWrite(disk, amounts.bytes, copies)),
    ] as const,
  };
  const others = otherPrograms({ directory: join(directory, "others"), game, copies, signal });
  const { lanes, files } = figures;
  const ready = [lanes.none, lanes.one, lanes.two, ...figures.twoSources, ...figures.disk];
  if (amounts.warmUp) await warmUp(ready, files, options.progress);
  await options.runRounds([bare, narrow, ...ready, ...allOf(files), ...others.all]);
  options.progress("answers while lanes are busy");
  const answers = await measureAnswers({
    ...{ pair: two, copies, signal },
    directory: join(directory, "asker"),
    downloads: amounts.askedDownloads,
  });
  const peaks = await peaksOf(LOOPBACK_NAME, pairs);
  return { ...figures, peaks, answers, others: others.all, notes: others.notes };
}

export function sourcesTable({ lanes, twoSources }: LoopbackFigures): Table {
  return {
    title: "Two sources against one, 127.0.0.1",
    columns: ["what", ...TRANSFER_COLUMNS, "x one source"],
    rows: [lanes.one, lanes.two, ...twoSources].map((each) => [
      each === lanes.one || each === lanes.two ? `one source, ${each.label}` : each.label,
      ...rowOf(each),
      rateRatio(each, lanes.one),
    ]),
  };
}

export function otherTable({ lanes, disk, others }: LoopbackFigures): Table {
  return {
    title: "For scale: the same bytes over 127.0.0.1",
    columns: ["what", ...TRANSFER_COLUMNS, "x one lane"],
    rows: [lanes.one, lanes.two, ...others, ...disk].map((each) => [
      each.label,
      ...rowOf(each),
      rateRatio(each, lanes.one),
    ]),
  };
}

import { join } from "node:path";
import type { Bar, Table } from "../bench.ts";
import { SMALL_FILE_BYTES } from "./constants.ts";
import type { Copies } from "./copies.ts";
import { makeGame, makeSmallFiles } from "./games.ts";
import type { Pair } from "./stand.ts";
import { download, rateRatio, rowOf, type Series, series, TRANSFER_COLUMNS } from "./transfer.ts";

const SMALL_FILES = "small-files";
const ONE_FILE = "one-file";

/** What was measured of small files, and of one file of as many bytes, over one link. */
export interface FileFigures {
  readonly link: string;
  readonly oneFile: Series;
  readonly smallFiles: Series;
  /** What small files have to reach of the rate of the one file. */
  readonly atLeast: number;
}

/** Makes both games in a source's games directory. */
export async function makeFileGames(gamesDir: string, files: number): Promise<void> {
  await makeSmallFiles(join(gamesDir, SMALL_FILES), files);
  await makeGame(join(gamesDir, ONE_FILE), files * SMALL_FILE_BYTES);
}

/** @param pair whose source has the games of {@link makeFileGames}: they are indexed here */
export async function fileSeries(
  link: string,
  { source, receiver }: Pair,
  { files, copies, atLeast }: { readonly files: number; readonly copies: Copies; readonly atLeast: number },
): Promise<FileFigures> {
  await source.index(SMALL_FILES, ONE_FILE);
  const fetch = (label: string, gameId: string): Series =>
    series(label, () => download({ receiver, sources: [source], gameId, copies }));
  return {
    link,
    oneFile: fetch("one file of as many bytes", ONE_FILE),
    smallFiles: fetch(`${files} files of 64 KiB`, SMALL_FILES),
    atLeast,
  };
}

export function filesTable(figures: readonly FileFigures[], lanes: number): Table {
  return {
    title: `Small files, ${lanes} lanes on each side`,
    columns: ["link", "what", ...TRANSFER_COLUMNS, "x one file"],
    rows: figures.flatMap(({ link, oneFile, smallFiles }) =>
      [oneFile, smallFiles].map((each) => [link, each.label, ...rowOf(each), rateRatio(each, oneFile)]),
    ),
  };
}

export function filesBars(figures: readonly FileFigures[]): Bar[] {
  return figures.map(({ link, oneFile, smallFiles, atLeast }) => ({
    what: `${link}: MB/s of small files, against one file of as many bytes`,
    measured: rateRatio(smallFiles, oneFile),
    atLeast,
  }));
}

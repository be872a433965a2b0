import { join } from "node:path";
import type { Bar, Table } from "../bench.ts";
import { gamesDirOf } from "./bench-peer.ts";
import { BAR_SMALL_FILES, SMALL_FILE_BYTES } from "./constants.ts";
import { linkGames, makeGame, makeSmallFiles } from "./games.ts";
import { type Pair, Stand, type StandOptions } from "./stand.ts";
import {
  download,
  rateRatio,
  rowOf,
  type Series,
  series,
  TRANSFER_COLUMNS,
  type Transfer,
} from "./transfer.ts";

const SMALL_FILES = "small-files";
const ONE_FILE = "one-file";

/** Of a source that is started for one download. */
const NEW_SOURCE = "source";

/** Small files, and one file of as many bytes. */
interface Compared {
  readonly oneFile: Series;
  readonly smallFiles: Series;
}

/** What was measured over one link. */
export interface FileFigures {
  readonly link: string;
  /** By peers that stand ready. */
  readonly ready: Compared;
  /** By peers that have just started: the first download that their processes have a part in. */
  readonly first: Compared;
}

/** Makes both games in a source's games directory. */
export async function makeFileGames(gamesDir: string, files: number): Promise<void> {
  await makeSmallFiles(join(gamesDir, SMALL_FILES), files);
  await makeGame(join(gamesDir, ONE_FILE), files * SMALL_FILE_BYTES);
}

/**
 * @param pair whose source has the games of {@link makeFileGames}: they are indexed here
 * @param place as the pair's, with a directory for peers that are started for one download
 */
export async function fileSeries(
  link: string,
  { source, receiver }: Pair,
  files: number,
  place: StandOptions,
): Promise<FileFigures> {
  await source.index(SMALL_FILES, ONE_FILE);
  await linkGames(source.settings.gamesDir, gamesDirOf(join(place.directory, NEW_SOURCE)));
  const compare = (when: string, fetch: (gameId: string) => Promise<Transfer>): Compared => ({
    oneFile: series(`one file of as many bytes${when}`, () => fetch(ONE_FILE)),
    smallFiles: series(`${files} files of 64 KiB${when}`, () => fetch(SMALL_FILES)),
  });
  const { copies } = place;
  const { lanes } = source.settings;
  return {
    link,
    ready: compare("", (gameId) => download({ receiver, sources: [source], gameId, copies })),
    first: compare(", both processes new", (gameId) => firstDownload(gameId, lanes, place)),
  };
}

/** Starts a source that has the game and a receiver, and ends them after one download. */
async function firstDownload(gameId: string, lanes: number, place: StandOptions): Promise<Transfer> {
  const { copies } = place;
  await copies.makeRoomFor(null);
  await using stand = new Stand(place);
  const [source, receiver] = await Promise.all([
    stand.source(NEW_SOURCE, lanes, []),
    stand.receiver("receiver", lanes),
  ]);
  await source.index(gameId);
  await receiver.meet(source);
  return await download({ receiver, sources: [source], gameId, copies });
}

/** All series, in the order of a round. */
export function allOf({ ready, first }: FileFigures): readonly Series[] {
  return [ready.oneFile, ready.smallFiles, first.oneFile, first.smallFiles];
}

export function filesTable(figures: readonly FileFigures[], lanes: number): Table {
  return {
    title: `Small files, ${lanes} lanes on each side`,
    columns: ["link", "what", ...TRANSFER_COLUMNS, "x one file"],
    rows: figures.flatMap(({ link, ready, first }) =>
      [ready, first].flatMap(({ oneFile, smallFiles }) =>
        [oneFile, smallFiles].map((each) => [link, each.label, ...rowOf(each), rateRatio(each, oneFile)]),
      ),
    ),
  };
}

export function filesBars(figures: readonly FileFigures[]): Bar[] {
  return figures.flatMap(({ link, ready, first }) =>
    [ready, first].map(({ oneFile, smallFiles }) => ({
      what: `${link}: MB/s of ${smallFiles.label}, against one file of as many bytes`,
      measured: rateRatio(smallFiles, oneFile),
      atLeast: BAR_SMALL_FILES,
    })),
  );
}

import { mkdir, statfs } from "node:fs/promises";
import { join } from "node:path";
import { LOOPBACK } from "./bench-peer.ts";
import { HUGE_GAME_SHARE } from "./constants.ts";
import { Copies } from "./copies.ts";
import { makeSparseGame } from "./games.ts";
import type { Sample } from "./messages.ts";
import { Stand } from "./stand.ts";
import { download, type Transfer } from "./transfer.ts";

const GAME = "huge";
const MIB = 1024 ** 2;

/** A download of a game that is far larger than the memory that peers may take. */
export interface HugeDownload {
  readonly bytes: number;
  readonly transfer: Transfer;
  readonly source: Sample;
  readonly receiver: Sample;
}

export interface HugeOptions {
  /** On a disk: the receiver writes every byte. */
  readonly directory: string;
  readonly wantedBytes: number;
  readonly lanes: number;
  readonly signal: AbortSignal;
}

/** Downloads a game of zeros once, by peers of its own. It is smaller than wanted where the disk has too little room. */
export async function measureHuge(options: HugeOptions): Promise<HugeDownload> {
  const { directory, wantedBytes, lanes, signal } = options;
  await mkdir(directory, { recursive: true });
  const { bavail, bsize } = await statfs(directory);
  const room = Math.floor((bavail * bsize * HUGE_GAME_SHARE) / MIB) * MIB;
  const bytes = Math.min(wantedBytes, room);
  const copies = new Copies();
  await using stand = new Stand({ place: LOOPBACK, directory, game: "", copies, signal });
  const source = await stand.source("huge-source", lanes, [], (gamesDir) =>
    makeSparseGame(join(gamesDir, GAME), bytes),
  );
  const receiver = await stand.receiver("huge-receiver", lanes);
  await source.index(GAME);
  await receiver.meet(source);
  const transfer = await download({ receiver, sources: [source], gameId: GAME, copies });
  const samples = { source: await source.sample(), receiver: await receiver.sample() };
  await copies.makeRoomFor(null);
  return { bytes, transfer, ...samples };
}

import { mkdir, statfs } from "node:fs/promises";
import { join } from "node:path";
import type { Bar, Table } from "../bench.ts";
import { LOOPBACK } from "../download/bench-peer.ts";
import { Copies } from "../download/copies.ts";
import type { Sample } from "../download/messages.ts";
import { Stand } from "../download/stand.ts";
import { makeHugeGame } from "./archives.ts";
import { BAR_STREAM_RSS_MB, HUGE_STREAM_SHARE, LANES } from "./constants.ts";
import { type Installation, installOnce } from "./ways.ts";

const GAME = "huge";
const SOURCE = "huge-source";
const GIB = 1024 ** 3;
const MIB = 1024 ** 2;

/** A stream that is far larger than the memory that peers may take. */
export interface HugeStream {
  readonly bytes: number;
  readonly installation: Installation;
  /** When they had met, and in the end. */
  readonly before: { readonly source: Sample; readonly receiver: Sample };
  readonly after: { readonly source: Sample; readonly receiver: Sample };
}

export interface HugeStreamOptions {
  /** On a disk: the receiver writes every byte. */
  readonly directory: string;
  readonly wantedBytes: number;
  readonly signal: AbortSignal;
}

/** Streams a game of zeros once, between peers of its own. It is smaller than wanted where the disk has too little room. */
export async function measureHugeStream(options: HugeStreamOptions): Promise<HugeStream> {
  const { directory, wantedBytes, signal } = options;
  await mkdir(directory, { recursive: true });
  const { bavail, bsize } = await statfs(directory);
  const bytes = Math.min(wantedBytes, Math.floor((bavail * bsize * HUGE_STREAM_SHARE) / MIB) * MIB);
  const copies = new Copies();
  const standing = { place: LOOPBACK, directory, game: "", copies, signal };
  {
    // Hashing takes memory too. The source that is looked at finds it done.
    await using stand = new Stand(standing);
    const source = await stand.source(SOURCE, LANES, [], (gamesDir) =>
      makeHugeGame(join(gamesDir, GAME), bytes),
    );
    await source.index(GAME);
  }
  await using stand = new Stand(standing);
  const source = await stand.source(SOURCE, LANES, []);
  const receiver = await stand.receiver("huge-receiver", LANES);
  await source.index(GAME);
  await receiver.meet(source);
  const samples = async () => ({ source: await source.sample(), receiver: await receiver.sample() });
  const before = await samples();
  const installation = await installOnce({ source, receiver, gameId: GAME, copies }, "streamed");
  const after = await samples();
  await copies.makeRoomFor(null);
  return { bytes, installation, before, after };
}

export function hugeTable({ before, after, ...huge }: HugeStream): Table {
  return {
    title: `The most memory that was ever resident: ${nameOf(huge)}, MB`,
    columns: ["who", "before", "after"],
    rows: (["source", "receiver"] as const).map((who) => [
      who,
      before[who].peakRssBytes / 1e6,
      after[who].peakRssBytes / 1e6,
    ]),
  };
}

export function hugeBars({ after, ...huge }: HugeStream): Bar[] {
  return (["source", "receiver"] as const).map((who) => ({
    what: `${nameOf(huge)}: most resident memory of the ${who}, MB`,
    measured: after[who].peakRssBytes / 1e6,
    atMost: BAR_STREAM_RSS_MB,
  }));
}

function nameOf({ bytes }: Pick<HugeStream, "bytes">): string {
  return `a streamed install of ${Math.round((bytes / GIB) * 100) / 100} GiB`;
}

import { mkdir, statfs } from "node:fs/promises";
import { join } from "node:path";
import type { Bar, Table } from "../bench.ts";
import { LOOPBACK } from "../download/bench-peer.ts";
import { Copies } from "../download/copies.ts";
import type { Sample } from "../download/messages.ts";
import { Stand } from "../download/stand.ts";
import { makeHugeGame } from "./archives.ts";
import { BAR_STREAM_RSS_MB, HUGE_STREAM_SHARE } from "./constants.ts";
import { type Installation, installOnce } from "./ways.ts";

const SIDES = ["source", "receiver"] as const;
const GAME = "huge";
const SOURCE = "huge-source";
const GIB = 1024 ** 3;
const MIB = 1024 ** 2;

/** A stream that is far larger than the memory that peers may take. */
export interface HugeStream {
  readonly bytes: number;
  /** Of each peer. */
  readonly lanes: number;
  readonly installation: Installation;
  /** When they had met, and in the end. */
  readonly before: { readonly source: Sample; readonly receiver: Sample };
  readonly after: { readonly source: Sample; readonly receiver: Sample };
}

export interface HugeStreamOptions {
  /** On a disk: the receiver writes every byte. */
  readonly directory: string;
  readonly wantedBytes: number;
  readonly lanes: number;
  readonly signal: AbortSignal;
}

/** Streams a game of zeros once, between peers of its own. It is smaller than wanted where the disk has too little room. */
export async function measureHugeStream(options: HugeStreamOptions): Promise<HugeStream> {
  const { directory, wantedBytes, lanes, signal } = options;
  await mkdir(directory, { recursive: true });
  const { bavail, bsize } = await statfs(directory);
  const bytes = Math.min(wantedBytes, Math.floor((bavail * bsize * HUGE_STREAM_SHARE) / MIB) * MIB);
  const copies = new Copies();
  const standing = { place: LOOPBACK, directory, game: "", copies, signal };
  {
    // Hashing takes memory too. The source that is looked at finds it done.
    await using stand = new Stand(standing);
    const source = await stand.source(SOURCE, lanes, [], (gamesDir) =>
      makeHugeGame(join(gamesDir, GAME), bytes),
    );
    await source.index(GAME);
  }
  await using stand = new Stand(standing);
  const source = await stand.source(SOURCE, lanes, []);
  const receiver = await stand.receiver("huge-receiver", lanes);
  await source.index(GAME);
  await receiver.meet(source);
  const samples = async () => ({ source: await source.sample(), receiver: await receiver.sample() });
  const before = await samples();
  const installation = await installOnce({ source, receiver, gameId: GAME, copies }, "streamed");
  const after = await samples();
  await copies.makeRoomFor(null);
  return { bytes, lanes, installation, before, after };
}

export function hugeTable(one: HugeStream): Table {
  return {
    title: "The most memory that was ever resident in peers that stream, MB",
    columns: ["game", "lanes", "source before", "source", "receiver before", "receiver", "MB/s"],
    rows: [
      [
        `${gibOf(one)} GiB`,
        String(one.lanes),
        ...SIDES.flatMap((who) => [one.before[who].peakRssBytes / 1e6, one.after[who].peakRssBytes / 1e6]),
        one.installation.mbPerS,
      ],
    ],
  };
}

export function hugeBars(one: HugeStream): Bar[] {
  return SIDES.map((who) => ({
    what: `a streamed install of ${gibOf(one)} GiB: most resident memory of the ${who}, MB`,
    measured: one.after[who].peakRssBytes / 1e6,
    atMost: BAR_STREAM_RSS_MB,
  }));
}

function gibOf({ bytes }: HugeStream): number {
  return Math.round((bytes / GIB) * 100) / 100;
}

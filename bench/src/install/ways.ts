import type { Dirent } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Bar, Table } from "../bench.ts";
import type { BenchPeer } from "../download/bench-peer.ts";
import type { Copies } from "../download/copies.ts";
import type { HowToInstall } from "../download/messages.ts";
import { median, medianRatio, spread } from "../statistics.ts";
import { BAR_STREAM_DISK, BAR_STREAM_TIME, LOOK_INTERVAL_MS } from "./constants.ts";

const GIB = 1024 ** 3;
/** Unit of the `blocks` of a file's state, bytes (POSIX). */
const STAT_BLOCK_BYTES = 512;

/** A game that was installed once. */
export interface Installation {
  readonly seconds: number;
  readonly mbPerS: number;
  /** The most that its root took of the disk, for each byte that is installed. */
  readonly disk: number;
  /** CPU seconds per GiB that is installed. */
  readonly sourceCpu: number;
  readonly receiverCpu: number;
}

/** One way to get a game installed, and what was measured. */
export interface Way {
  readonly label: string;
  readonly run: () => Promise<Installation>;
  readonly measured: Installation[];
}

export interface WaysOptions {
  readonly source: BenchPeer;
  readonly receiver: BenchPeer;
  readonly gameId: string;
  readonly copies: Copies;
}

/** Both ways by the same peers. */
export function bothWays(options: WaysOptions): { readonly downloaded: Way; readonly streamed: Way } {
  const way = (label: string, how: HowToInstall): Way => ({
    label,
    run: () => installOnce(options, how),
    measured: [],
  });
  return {
    downloaded: way("downloaded, then installed", "downloaded"),
    streamed: way("streamed", "streamed"),
  };
}

export async function installOnce(
  { source, receiver, gameId, copies }: WaysOptions,
  how: HowToInstall,
): Promise<Installation> {
  const root = receiver.rootOf(gameId);
  await copies.makeRoomFor(root);
  const before = (await source.sample()).cpuSeconds;
  const disk = lookAtDisk(root);
  const installing = receiver.install(gameId, how);
  const { bytes, begunAt, endedAt, cpuSeconds } = await installing.finally(disk.stop);
  const seconds = (endedAt - begunAt) / 1_000;
  return {
    seconds,
    mbPerS: bytes / 1e6 / seconds,
    disk: (await disk.most()) / bytes,
    sourceCpu: ((await source.sample()).cpuSeconds - before) * (GIB / bytes),
    receiverCpu: cpuSeconds * (GIB / bytes),
  };
}

/** Looks again and again at what a directory takes of the disk, and once more when it is told to stop. */
function lookAtDisk(directory: string): { readonly stop: () => void; readonly most: () => Promise<number> } {
  const stopped = Promise.withResolvers<void>();
  const look = async (): Promise<number> => {
    let most = 0;
    let goesOn = true;
    void stopped.promise.then(() => {
      goesOn = false;
    });
    while (goesOn) {
      most = Math.max(most, await takenBytes(directory));
      await Promise.race([stopped.promise, new Promise((resolve) => setTimeout(resolve, LOOK_INTERVAL_MS))]);
    }
    return Math.max(most, await takenBytes(directory));
  };
  const most = look();
  return { stop: stopped.resolve, most: () => most };
}

/** Blocks of all files; what goes meanwhile takes nothing. */
async function takenBytes(directory: string): Promise<number> {
  const entries = await readdir(directory, { withFileTypes: true }).catch((): Dirent[] => []);
  const sizes = await Promise.all(
    entries.map(async (entry) => {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) return await takenBytes(path);
      return await stat(path).then(
        ({ blocks }) => blocks * STAT_BLOCK_BYTES,
        () => 0,
      );
    }),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

export function wayTable({ downloaded, streamed }: ReturnType<typeof bothWays>, bytes: number): Table {
  return {
    title: `A game of ${Math.round((bytes / GIB) * 100) / 100} GiB in one stored archive, two peers, 127.0.0.1`,
    columns: ["what", "s", "from-to", "MB/s", "most disk, x game", "CPU s/GiB source", "receiver", "x time"],
    rows: [downloaded, streamed].map((way) => [
      way.label,
      median(of(way, "seconds")),
      spread(of(way, "seconds")),
      median(of(way, "mbPerS")),
      median(of(way, "disk")),
      median(of(way, "sourceCpu")),
      median(of(way, "receiverCpu")),
      medianRatio(of(way, "seconds"), of(downloaded, "seconds")),
    ]),
  };
}

export function wayBars({ downloaded, streamed }: ReturnType<typeof bothWays>): Bar[] {
  return [
    {
      what: "time of a streamed install, against a download with the install behind it",
      measured: medianRatio(of(streamed, "seconds"), of(downloaded, "seconds")),
      atMost: BAR_STREAM_TIME,
    },
    {
      what: "the most disk that a streamed install takes, against what is installed",
      measured: median(of(streamed, "disk")),
      atMost: BAR_STREAM_DISK,
    },
  ];
}

function of({ measured }: Way, figure: keyof Installation): number[] {
  return measured.map((one) => one[figure]);
}

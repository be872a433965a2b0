import { median, medianRatio, spread } from "../statistics.ts";
import type { BenchPeer } from "./bench-peer.ts";
import type { Copies } from "./copies.ts";

const GIB = 1024 ** 3;

/** One transfer of a game, or of as many bytes by something else. */
export interface Transfer {
  /** Millions of bytes per second, from the beginning to the end. */
  readonly mbPerS: number;
  /** The same in the middle of it; null where that cannot be told. */
  readonly steadyMbPerS: number | null;
  /** CPU seconds per GiB, all threads; null where nobody counts them. */
  readonly sourceCpu: number | null;
  readonly receiverCpu: number | null;
}

/** Something that is measured once in every round, and what was measured. */
export interface Series {
  readonly label: string;
  readonly run: () => Promise<Transfer>;
  readonly measured: Transfer[];
}

export function series(label: string, run: () => Promise<Transfer>): Series {
  return { label, run, measured: [] };
}

export interface DownloadOptions {
  readonly receiver: BenchPeer;
  /** All who have the game. */
  readonly sources: readonly BenchPeer[];
  readonly gameId: string;
  readonly copies: Copies;
}

/** One download by a peer that stands ready. */
export async function download({ receiver, sources, gameId, copies }: DownloadOptions): Promise<Transfer> {
  await copies.makeRoomFor(receiver.rootOf(gameId));
  const before = await cpuOf(sources);
  const { bytes, begunAt, endedAt, steadyMbPerS, cpuSeconds } = await receiver.fetch(gameId, sources.length);
  const perGib = GIB / bytes;
  const transfer: Transfer = {
    mbPerS: bytes / 1e3 / (endedAt - begunAt),
    steadyMbPerS,
    sourceCpu: ((await cpuOf(sources)) - before) * perGib,
    receiverCpu: cpuSeconds * perGib,
  };
  // Until its library has the new game, the receiver is not at rest.
  await receiver.index(gameId);
  return transfer;
}

async function cpuOf(sources: readonly BenchPeer[]): Promise<number> {
  const samples = await Promise.all(sources.map((source) => source.sample()));
  return samples.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0);
}

/** Columns of {@link rowOf}. */
export const TRANSFER_COLUMNS = ["MB/s", "from-to", "steady MB/s", "CPU s/GiB source", "receiver"] as const;

/** What was measured of a series, in the middle. */
export function rowOf({ measured }: Series): (string | number | null)[] {
  return [
    median(rates(measured)),
    spread(rates(measured)),
    median(known(measured.map((one) => one.steadyMbPerS))),
    median(known(measured.map((one) => one.sourceCpu))),
    median(known(measured.map((one) => one.receiverCpu))),
  ];
}

/** Rates of a series against those of another one, round by round. */
export function rateRatio(above: Series | undefined, below: Series | undefined): number | null {
  if (above === undefined || below === undefined) return null;
  return medianRatio(rates(above.measured), rates(below.measured));
}

function rates(measured: readonly Transfer[]): number[] {
  return measured.map(({ mbPerS }) => mbPerS);
}

function known(values: readonly (number | null)[]): number[] {
  return values.filter((value) => value !== null);
}

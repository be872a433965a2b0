import { asPeerId, type PeerId, type PieceLayout, pieceLayout, pieceSizeFor } from "@lanspread/proto";
import type { SimulatedSource } from "./simulator.ts";

const MB = 1_000_000;
const MIB = 1024 * 1024;

/** A party worth simulating: who has the game, how it is cut, and what the own link takes. */
export interface SimulatedNetwork {
  readonly name: string;
  readonly layout: PieceLayout;
  readonly sources: readonly SimulatedSource[];
  /** Bytes per second. */
  readonly downlink?: number;
  /** As in the plan's options. */
  readonly exclusive?: boolean;
}

/** The files of a game, by their sizes in bytes. */
export function layoutOf(sizes: readonly number[]): PieceLayout {
  const files = sizes.map((size, index) => ({ path: `file-${index}`, size }));
  return pieceLayout({ piece_size: pieceSizeFor(files), files });
}

export function simulatedPeer(number: number): PeerId {
  return asPeerId(`00000000-0000-8000-8000-${String(number).padStart(12, "0")}`);
}

const BIG = layoutOf([4096 * MIB]);

/** What a party may look like. Rates in MB/s. */
export const NETWORKS: readonly SimulatedNetwork[] = [
  { name: "one source", layout: BIG, sources: [steady(1, 100)] },
  { name: "two equal sources", layout: BIG, sources: [steady(1, 100), steady(2, 100)] },
  { name: "100, 20 and 3 MB/s", layout: BIG, sources: [steady(1, 100), steady(2, 20), steady(3, 3)] },
  { name: "ten sources, 5 to 68 MB/s", layout: BIG, sources: range(10, (n) => steady(n, 5 + n * 7)) },
  {
    name: "eight of 50 MB/s, own link 1 Gbit/s",
    layout: BIG,
    sources: range(8, (n) => steady(n, 50)),
    downlink: 118 * MB,
  },
  { name: "a straggler", layout: BIG, sources: [steady(1, 50), steady(2, 50), steady(3, 0.2)] },
  {
    name: "one stalls for 30 s",
    layout: BIG,
    sources: [
      steady(1, 50),
      { ...steady(2, 50), rateAt: (ms) => (ms > 10_000 && ms < 40_000 ? 0 : 50 * MB) },
    ],
  },
  {
    name: "all stall for 7 s",
    layout: BIG,
    sources: range(2, (n) => ({
      ...steady(n, 50),
      rateAt: (ms) => (ms > 5_000 && ms < 12_000 ? 0 : 50 * MB),
    })),
  },
  {
    name: "rates that change twentyfold",
    layout: BIG,
    sources: [
      { ...steady(1, 0), rateAt: (ms) => (Math.floor(ms / 5_000) % 2 === 0 ? 100 * MB : 5 * MB) },
      { ...steady(2, 0), rateAt: (ms) => (Math.floor(ms / 7_000) % 2 === 0 ? 20 * MB : 100 * MB) },
    ],
  },
  {
    name: "one of two leaves",
    layout: BIG,
    sources: [steady(1, 50), { ...steady(2, 50), leavesAtMs: 10_000 }],
  },
  {
    name: "a faster one joins",
    layout: BIG,
    sources: [steady(1, 50), { ...steady(2, 100), joinsAtMs: 10_000 }],
  },
  {
    name: "a tenth of one's units fail",
    layout: BIG,
    sources: [{ ...steady(1, 50), failures: 0.1 }, steady(2, 50)],
  },
  {
    name: "one of three sends wrong pieces",
    layout: BIG,
    sources: [steady(1, 50), steady(2, 50), { ...steady(3, 50), wrong: 0.5 }],
  },
  {
    name: "5,000 files of 64 KiB",
    layout: layoutOf(range(5_000, () => 64 * 1024)),
    sources: [steady(1, 100), steady(2, 30)],
  },
  {
    name: "a game of 64 MiB, 100 and 5 MB/s",
    layout: layoutOf([64 * MIB]),
    sources: [steady(1, 100), steady(2, 5)],
  },
  {
    name: "20 MiB over 0.3 and 0.1 MB/s",
    layout: layoutOf([20 * MIB]),
    sources: [steady(1, 0.3), steady(2, 0.1)],
  },
  {
    name: "stalls of 8 s that come again and again",
    layout: BIG,
    sources: [steady(1, 10), { ...steady(2, 40), rateAt: (ms) => (ms % 30_000 > 22_000 ? 0 : 40 * MB) }],
  },
  { name: "five of 20 MB/s, 64 MiB", layout: layoutOf([64 * MIB]), sources: range(5, (n) => steady(n, 20)) },
  {
    name: "one says nothing, 64 MiB",
    layout: layoutOf([64 * MIB]),
    sources: [steady(1, 100), steady(2, 0)],
  },
];

/** The same where nothing is asked of two at a time, as without digests, and what only matters there. */
export const NETWORKS_OF_ONE_ASKER: readonly SimulatedNetwork[] = withOneAsker([
  ...NETWORKS,
  {
    name: "16 MiB, 10 and 1 MB/s",
    layout: layoutOf([16 * MIB]),
    sources: [steady(1, 10), steady(2, 1)],
  },
  {
    name: "256 MiB, 300 and 0.5 MB/s",
    layout: layoutOf([256 * MIB]),
    sources: [steady(1, 300), steady(2, 0.5)],
  },
  {
    name: "64 MiB, 100 and three of 5 MB/s",
    layout: layoutOf([64 * MIB]),
    sources: [steady(1, 100), steady(2, 5), steady(3, 5), steady(4, 5)],
  },
  {
    name: "one falls from 100 to 5 MB/s at half",
    layout: layoutOf([1024 * MIB]),
    sources: [{ ...steady(1, 0), rateAt: (ms) => (ms < 3_500 ? 100 : 5) * MB }, steady(2, 50)],
  },
]);

function withOneAsker(networks: readonly SimulatedNetwork[]): SimulatedNetwork[] {
  return networks.map((network) => ({ ...network, name: `${network.name}, one asker`, exclusive: true }));
}

function steady(number: number, mbPerS: number): SimulatedSource {
  return { peerId: simulatedPeer(number), rateAt: () => mbPerS * MB, latencyMs: 5 };
}

function range<T>(count: number, make: (number: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index + 1));
}

/** Libraries that are measured, in games: what a player has, what a collector has, and what shows how costs grow. */
const LIBRARY_SIZES = [100, 500, 1_000, 2_000] as const;

/** The library the bars are held against. */
export const BAR_GAMES = 1_000;

/** What a start over an unchanged library may take against a plain walk of the same tree. */
export const BAR_AGAINST_WALK = 3;

/** What such a start may take of processor time against the fastest walk that Node can make. */
export const BAR_CPU_AGAINST_SYNC_WALK = 2.5;

/** How long a scan may keep the event loop from anything else, in ms: transfers and pings wait meanwhile. */
export const BAR_BLOCK_MS = 50;

/** What hashing pieces has to reach against hashing the same bytes without pieces, in one thread. */
export const BAR_HASHING = 0.8;

/** The largest party that the peer table is made for, and one to compare it with. */
const LARGE_PARTY: Party = { peers: 200, games: 500 };
const SMALL_PARTY: Party = { peers: 20, games: 50 };

/** Heap that the large party's libraries may take, in MB. */
export const BAR_TABLE_MB = 150;

/**
 * What one delta may cost in the large party, which has a hundred times as many games, against the small one. The work is the
 * same; what it touches no longer fits the processor's caches.
 */
export const BAR_DELTA = 8;

/** How often the event loop is asked whether it turns, in ms. */
export const TICK_MS = 5;

const MIB = 1024 * 1024;

/** Bytes of each file that is hashed, and of each read where they are hashed plainly. */
export const HASHED_FILE_BYTES = 64 * MIB;
export const READ_BYTES = MIB;

export interface Party {
  readonly peers: number;
  /** Of each peer; all have the same ones, so that each game of the view has as many holders as it can. */
  readonly games: number;
}

export interface Amounts {
  readonly rounds: number;
  readonly sizes: readonly number[];
  /** Files of the one large game. */
  readonly largeGameFiles: number;
  /** Games that are changed one after the other in each round. */
  readonly changes: number;
  readonly hashedFiles: number;
  readonly large: Party;
  readonly small: Party;
  /** Deltas that are applied, after as many that are not counted. */
  readonly deltas: number;
}

export const FULL: Amounts = {
  rounds: 5,
  sizes: LIBRARY_SIZES,
  largeGameFiles: 20_000,
  changes: 20,
  hashedFiles: 12,
  large: LARGE_PARTY,
  small: SMALL_PARTY,
  deltas: 20_000,
};

/** Just enough to see that everything runs. */
export const SHORT: Amounts = {
  rounds: 1,
  sizes: [5, 10],
  largeGameFiles: 50,
  changes: 2,
  hashedFiles: 1,
  large: { peers: 4, games: 10 },
  small: { peers: 2, games: 5 },
  deltas: 20,
};

/** Everybody sees everybody's games this long after the last start, ms. The library's promise. */
export const BAR_COMPLETE_MS = 2_000;

/** One change has reached everybody after this long, ms. The library's promise. */
export const BAR_CHANGE_MS = 500;

/** Deltas that each other peer gets for one published change: it is told once, and nothing else. */
export const BAR_DELTAS = 1;

/**
 * How far a change may cost more than linearly: the figures of the same party differ by this much between two runs on a machine
 * that does nothing else.
 */
export const LINEAR_TOLERANCE = 1.15;

/** How long a whole party may take to see everything, ms: far above the bar, so that what misses it is measured and not given up. */
export const COMPLETE_DEADLINE_MS = 120_000;

/** How long one change may take to reach everybody and to come to rest, ms. Above the fallback scan of a peer that cannot watch. */
export const CHANGE_DEADLINE_MS = 60_000;

/** For how long nobody may say anything until a change counts as over, ms: writing down a revision and telling it takes tens. */
export const QUIET_MS = 250;

/** Peers whose libraries are read and hashed for the first time side by side. */
export const INDEXED_AT_ONCE = 4;

/** Bytes of a game's archive: a few, since what is measured is what is told of games and not their bytes. */
export const ARCHIVE_BYTES = 2_000;

/** Each of these is `Amounts` below. */
export interface Amounts {
  /** Parties that are measured, by their number of peers; the first and the last are compared. */
  readonly parties: readonly number[];
  readonly gamesPerPeer: number;
  /** How often a party is started anew; its best and worst are shown, the median counts. */
  readonly starts: number;
  /** Changes of each kind that each peer makes before any is measured: the first ones of a process take several times as long. */
  readonly warmUps: number;
  /** Changes of each kind that are measured; each is made on the next peer. */
  readonly changes: number;
  /** For how long the party is watched while nothing changes, ms. */
  readonly idleMs: number;
}

export const FULL: Amounts = {
  parties: [5, 10, 20],
  gamesPerPeer: 200,
  starts: 5,
  warmUps: 3,
  changes: 40,
  idleMs: 60_000,
};

/** Just enough to see that everything runs. */
export const SHORT: Amounts = {
  parties: [3],
  gamesPerPeer: 10,
  starts: 1,
  warmUps: 1,
  changes: 2,
  idleMs: 1_000,
};

import type { Cost } from "./cost.ts";

/** What the child that starts a library is told. */
export interface StartSettings {
  readonly gamesDir: string;
  readonly stateDir: string;
  /** Games that are changed when it has started, one after the other. */
  readonly changes: number;
  /** Whether all pieces are hashed in the end, so that the next start finds nothing to do. */
  readonly settle: boolean;
  /** Whether the memory is measured. Collecting garbage beforehand would make the start itself look more expensive. */
  readonly weigh: boolean;
}

/** The only line of that child. */
export interface Started {
  readonly start: Cost;
  /** One for each changed game, from the look to the published revision. */
  readonly changes: readonly Cost[];
  /** What the library keeps in memory once it has started, in bytes; 0 where it was not asked for. */
  readonly memoryBytes: number;
  /** Games that are announced. */
  readonly games: number;
}

/** What the child that only walks is told. */
export interface WalkSettings {
  readonly dir: string;
  readonly how: "promises" | "sync";
}

/** The only line of that child. */
export interface Walked {
  readonly cost: Cost;
  readonly files: number;
}

/** What the child that hashes is told. */
export interface HashSettings {
  readonly root: string;
  /** Names in `root`. */
  readonly files: readonly string[];
  readonly how: "pieces" | "plain";
}

/** The only line of that child. */
export interface Hashed {
  readonly bytes: number;
  readonly seconds: number;
}

/** What the child with a peer table is told. */
export interface TableSettings {
  readonly peers: number;
  readonly games: number;
  readonly deltas: number;
}

/** The only line of that child. */
export interface TableCosts {
  /** What all libraries take, in bytes of heap. */
  readonly heapBytes: number;
  /** One game of one peer becomes another, in microseconds. */
  readonly deltaMicros: number;
  /** The same, with the whole list of games read afterwards, in microseconds. */
  readonly deltaAndListMicros: number;
}

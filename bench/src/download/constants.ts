const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;

/**
 * One lane against the bare transport over the same link, with datagrams that fit into an Ethernet frame, on which the transport's own
 * bars are held: what reading, hashing, writing and planning may take of the rate.
 */
export const BAR_ONE_LANE = 0.85;

/** Two lanes on both sides against one. Only where the lanes and the main threads of both sides have a processor each. */
export const BAR_TWO_LANES = 1.35;

/** Processors that {@link BAR_TWO_LANES} needs: two lanes here, two lanes there. */
export const BAR_TWO_LANES_CORES = 4;

/** Small files against one file of as many bytes. */
export const BAR_SMALL_FILES = 0.5;

/**
 * Downloads of small files before the first that is measured. One is too few: the engine compiles for good what was called some thousand
 * times, and a lane calls what each file needs once for each of the 2,500 that it fetches.
 */
export const WARM_UPS_SMALL_FILES = 8;

/** Most memory that a peer may ever have resident while it moves a large game, in MB. */
export const BAR_RSS_MB = 300;

/** 99 of 100 answers to small questions come within this while lanes run flat out, ms. */
export const BAR_ANSWER_MS = 50;

/** Small files are so large, so that {@link Amounts.smallFiles} of them are hundreds of megabytes. */
export const SMALL_FILE_BYTES = 64 * KIB;

/** Files to a folder of the game of small files: archives hold about as many. */
export const FILES_PER_FOLDER = 100;

/** How often the small questions are asked, ms. */
export const ASK_INTERVAL_MS = 20;

/** The share of a download between which its rate counts as steady: later than the first units, before the last ones. */
export const STEADY_FROM = 0.2;
export const STEADY_TO = 0.9;

/** Where Linux keeps files in memory. */
export const MEMORY_DIRECTORY = "/dev/shm";

/** `f_type` of a file system in memory (Linux, tmpfs). */
export const TMPFS_TYPE = 0x0102_1994;

/** Share of a disk's free space that the huge game may take at most: the receiver writes every byte of it. */
export const HUGE_GAME_SHARE = 0.4;

/** How long a peer may take to index its games, to meet another or to finish one download, ms: far above what is expected. */
export const STEP_DEADLINE_MS = 300_000;

/** How long a program from elsewhere may take to listen, ms, and how often it is tried. */
export const LISTEN_DEADLINE_MS = 5_000;
export const LISTEN_RETRY_MS = 20;

/** How much is moved, how often. */
export interface Amounts {
  readonly rounds: number;
  /** Each receiver fetches its game before, so that its code is compiled: once, small files {@link WARM_UPS_SMALL_FILES} times. */
  readonly warmUp: boolean;
  /** Of the game in one file. */
  readonly bytes: number;
  readonly smallFiles: number;
  /** Downloads during which questions are asked. */
  readonly askedDownloads: number;
  /** Of the sparse game, where the disk has room for it. */
  readonly hugeBytes: number;
}

export const FULL: Amounts = {
  rounds: 5,
  warmUp: true,
  bytes: 768 * MIB,
  smallFiles: 5_000,
  askedDownloads: 8,
  hugeBytes: 16 * GIB,
};

/** Just enough to see that everything runs. */
export const SHORT: Amounts = {
  rounds: 1,
  warmUp: false,
  bytes: 8 * MIB,
  smallFiles: 50,
  askedDownloads: 1,
  hugeBytes: 32 * MIB,
};

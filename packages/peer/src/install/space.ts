import { dirname, sep } from "node:path";
import { fromNodeError, PeerError } from "../errors/index.ts";
import { freeBytes } from "../storage/index.ts";

/** A {@link PeerError} `disk-full` that says what is needed and what is free. */
class TooLittleSpace extends PeerError {
  constructor(directory: string, needed: number, free: number) {
    super("disk-full", `${directory}: installing needs ${needed} bytes, ${free} bytes are free on this disk`);
  }
}

/**
 * @throws PeerError `disk-full`, with both numbers, where `needed` bytes do not fit on the disk of `directory`.
 */
export async function requireSpace(directory: string, needed: number): Promise<void> {
  const free = await freeBytes(directory);
  if (needed > free) throw new TooLittleSpace(directory, needed, free);
}

export interface SpaceFigures {
  /** Absolute path of the game root. */
  readonly root: string;
  /** Absolute path of the state directory: it may be on another disk. */
  readonly state: string;
  /** Bytes that were to be written below `root`; undefined where that is not known. */
  readonly needed: number | undefined;
}

/**
 * What an install failed with, for the person who has to free space: where a disk became full meanwhile, it says what is needed and
 * what is free. Called after everything that had been written was removed: only then the numbers can be compared.
 */
export async function withSpaceFigures(error: unknown, figures: SpaceFigures): Promise<unknown> {
  const { root, state, needed } = figures;
  const failure = fromNodeError(error, root);
  if (failure.code !== "disk-full" || failure instanceof TooLittleSpace) return error;
  const ofState = failure.message.startsWith(state + sep);
  // A root that was made for the install is gone again by now.
  const free = await freeBytes(ofState ? state : root)
    .catch(() => freeBytes(dirname(root)))
    .catch(() => null);
  if (free === null) return error;
  const what = ofState || needed === undefined ? "" : `installing needs ${needed} bytes, `;
  return new PeerError("disk-full", `${failure.message}: ${what}${free} bytes are free now`, {
    cause: error,
  });
}

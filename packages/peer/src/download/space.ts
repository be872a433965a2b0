import { join, sep } from "node:path";
import type { PieceLayout } from "@lanspread/proto";
import { PeerError, toPeerError } from "../errors/index.ts";
import { mapLimited } from "../library/map-limited.ts";
import { freeBytes, STAT_BLOCK_BYTES } from "../storage/index.ts";
import { FILES_AT_ONCE } from "./constants.ts";
import { look } from "./safe-path.ts";

export interface SpaceOptions {
  readonly gameId: string;
  readonly gamesDir: string;
  readonly root: string;
  readonly layout: PieceLayout;
  /** A byte per piece: not 0 where nothing is to be written any more. */
  readonly done: Uint8Array;
  /** Whether the files that are there belong to this download: what they take already need not be free. */
  readonly resumes: boolean;
  /** Files of the old version, whose space becomes free. */
  readonly oldPaths: readonly string[];
  /** Bytes. */
  readonly needBytesForInstall: number;
}

/**
 * @returns whether there is room only when the files of the old version go first
 * @throws PeerError `disk-full` with what is needed and what is free, where that is too little
 */
export async function checkSpace(options: SpaceOptions): Promise<{ readonly oldMustGo: boolean }> {
  const { gameId, gamesDir, root, oldPaths, needBytesForInstall } = options;
  const needed = (await missingBytes(options)) + needBytesForInstall;
  const free = await freeBytes(gamesDir);
  if (needed <= free) return { oldMustGo: false };
  const taken = await mapLimited(oldPaths, FILES_AT_ONCE, (path) => takenBytes(root, path));
  const old = taken.reduce((sum, bytes) => sum + bytes, 0);
  if (needed <= free + old) return { oldMustGo: true };
  const install = needBytesForInstall > 0 ? `, ${needBytesForInstall} of them to install it` : "";
  const replaced = old > 0 ? `, and ${old} more without the old version` : "";
  throw new PeerError(
    "disk-full",
    `${gameId} needs ${needed} bytes in ${gamesDir}${install}; ${free} bytes are free${replaced}`,
  );
}

/**
 * What a transfer failed with, for the person who has to free space: where the disk became full meanwhile, it says what is still
 * needed and what is free. What has come is kept and counts.
 */
export async function withSpaceFigures(
  error: unknown,
  download: Pick<SpaceOptions, "gamesDir" | "root" | "layout" | "done">,
): Promise<unknown> {
  const failure = toPeerError(error);
  if (failure.code !== "disk-full" || !failure.message.startsWith(download.root + sep)) return error;
  try {
    const needed = await missingBytes({ ...download, resumes: true });
    const free = await freeBytes(download.gamesDir);
    const figures = `${needed} more bytes are needed, ${free} bytes are free`;
    return new PeerError("disk-full", `${failure.message}: ${figures}`, { cause: error });
  } catch {
    // Without figures it says enough.
    return error;
  }
}

async function missingBytes({
  root,
  layout,
  done,
  resumes,
}: Pick<SpaceOptions, "root" | "layout" | "done" | "resumes">): Promise<number> {
  let sum = 0;
  await mapLimited([...layout.files.entries()], FILES_AT_ONCE, async ([index, { path, size }]) => {
    let missing = 0;
    const { first, end } = layout.piecesOfFile(index);
    for (let piece = first; piece < end; piece++) {
      if (done[piece] === 0) missing += layout.pieceAt(piece).length;
    }
    if (missing > 0 && resumes) {
      missing = Math.min(missing, Math.max(0, size - (await takenBytes(root, path))));
    }
    sum += missing;
  });
  return sum;
}

/** What a file takes of the disk, and gives back when it is removed. */
async function takenBytes(root: string, path: string): Promise<number> {
  const stats = await look(join(root, path));
  return stats === null || stats.nlink > 1 ? 0 : stats.blocks * STAT_BLOCK_BYTES;
}

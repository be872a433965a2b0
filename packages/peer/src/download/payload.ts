import type { BigIntStats } from "node:fs";
import { lstat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { PieceLayout } from "@lanspread/proto";
import { errnoOf, fromNodeError, PeerError } from "../errors/index.ts";
import { mapLimited } from "../library/map-limited.ts";
import { flushDirectory, SENTINEL_NAME } from "../storage/index.ts";
import type { PieceSink } from "../transfer/index.ts";
import { FILES_AT_ONCE } from "./constants.ts";
import { OpenFiles } from "./open-files.ts";
import { checkBatch, type Directories, makeBelow, openBelow, removeFile } from "./safe-path.ts";

export interface PayloadOptions {
  readonly root: string;
  readonly layout: PieceLayout;
  /** Indices of the files that the old version has under the same path. */
  readonly old: ReadonlySet<number>;
  /** Whether the old version has been touched already. */
  readonly touched: boolean;
  /** Called, and waited for, before the first change of a file of the old version. */
  readonly touch: () => Promise<void>;
}

/** State of a file of the download on disk. */
export type FileState = "ours" | "empty" | "missing" | "other";

/**
 * The files of a download on disk. `version.ini` is none of them: its bytes are kept in memory.
 *
 * A file of the old version is never written: when the first byte of any of them comes, all of them are replaced by new
 * files, so that no other name of the old file changes with it.
 */
export class Payload implements PieceSink, AsyncDisposable {
  readonly #options: PayloadOptions;
  readonly #files: OpenFiles;
  readonly #sentinelIndex: number;
  readonly #sentinel: Uint8Array;
  readonly #made = new Set<number>();
  /** Written by others, and not flushed since. */
  readonly #writtenByOthers = new Set<number>();
  /** Which file on the disk each one is. */
  readonly #identities = new Map<number, string>();
  #replaced: Promise<void> | undefined;
  #isReplaced = false;

  constructor(options: PayloadOptions) {
    const { root, layout } = options;
    this.#options = options;
    this.#files = new OpenFiles(root, (index) => pathOf(layout, index));
    this.#sentinelIndex = layout.files.findIndex(({ path }) => path === SENTINEL_NAME);
    this.#sentinel = new Uint8Array(layout.files[this.#sentinelIndex]?.size ?? 0);
    if (options.touched) {
      this.#replaced = Promise.resolve();
      this.#isReplaced = true;
    }
  }

  get sentinelIndex(): number {
    return this.#sentinelIndex;
  }

  /** The bytes of `version.ini`, as far as they have come. */
  get sentinel(): Uint8Array {
    return this.#sentinel;
  }

  /** Files that this object made, by index. */
  get made(): ReadonlySet<number> {
    return this.#made;
  }

  /**
   * Makes the files that are not there yet, at full size and without content. The root must be there.
   *
   * @param resumes whether files of the full size are ours already; else there must be none
   */
  async create(resumes: boolean, signal?: AbortSignal): Promise<void> {
    const { layout, old, touched } = this.#options;
    const wanted = [...layout.files.keys()].filter((index) => touched || !old.has(index));
    await this.#make(wanted, resumes, signal);
  }

  /** Replaces the files of the old version by empty ones, unless that was done before. */
  replaceOld(): Promise<void> {
    this.#replaced ??= (async () => {
      await this.#options.touch();
      await this.#make([...this.#options.old], false);
      this.#isReplaced = true;
    })();
    return this.#replaced;
  }

  /**
   * Looks whether every file is still where it was made: somebody may have moved, replaced or deleted one, or the whole
   * folder, while its bytes came through an open handle.
   *
   * @returns those that are not by index, with what is at the path now: `ours` where it is another file of the same size,
   *   or where the file system does not keep the numbers of its files
   */
  async misplaced(signal?: AbortSignal): Promise<ReadonlyMap<number, FileState>> {
    const { layout, old } = this.#options;
    // What has no content in the new version came with no byte, and may still be the old version's.
    if (old.size > 0) await this.replaceOld();
    const misplaced = new Map<number, FileState>();
    const payload = [...layout.files.keys()].filter((index) => index !== this.#sentinelIndex);
    await mapLimited(
      payload,
      FILES_AT_ONCE,
      async (index) => {
        const stats = await lookExactly(this.#absolute(index));
        const state = judge(stats, layout.files[index]?.size ?? 0);
        const same = stats !== null && identityOf(stats) === this.#identities.get(index);
        if (state !== "ours" || !same) misplaced.set(index, state);
      },
      signal,
    );
    return misplaced;
  }

  async write(fileIndex: number, bytes: Uint8Array, offset: number): Promise<void> {
    if (fileIndex === this.#sentinelIndex) {
      this.#sentinel.set(bytes, offset);
      return;
    }
    if (this.#options.old.has(fileIndex)) await this.replaceOld();
    await this.#files.write(fileIndex, bytes, offset);
  }

  /** Whether others may write the file where it lies: it is one of the download's own by now, and on the disk. */
  isOpenToOthers(fileIndex: number): boolean {
    return fileIndex !== this.#sentinelIndex && (this.#isReplaced || !this.#options.old.has(fileIndex));
  }

  /** Somebody else has written the file: {@link flush} has to see to that, too. */
  writtenByOthers(fileIndex: number): void {
    this.#writtenByOthers.add(fileIndex);
  }

  /** @returns how many bytes there were: fewer than `into` holds at the end of the file */
  async read(fileIndex: number, into: Uint8Array, offset: number): Promise<number> {
    return await this.#files.use(fileIndex, async (file) => {
      let done = 0;
      while (done < into.length) {
        const { bytesRead } = await file.read(into, done, into.length - done, offset + done);
        if (bytesRead === 0) break;
        done += bytesRead;
      }
      return done;
    });
  }

  /**
   * What was written to these files is on the disk when it resolves.
   *
   * @param byOthers flushes files that others have written, by their paths; false where it cannot
   */
  async flush(
    fileIndices: Iterable<number>,
    byOthers: (paths: readonly string[]) => Promise<boolean> = async () => false,
  ): Promise<void> {
    const indices = [...fileIndices].filter((index) => index !== this.#sentinelIndex);
    const others = indices.filter((index) => this.#writtenByOthers.delete(index));
    try {
      const done =
        others.length > 0 && (await byOthers(others.map((index) => pathOf(this.#options.layout, index))));
      if (!done) for (const index of others) this.#files.changedElsewhere(index);
      await mapLimited(indices, FILES_AT_ONCE, (index) => this.#files.flush(index));
    } catch (error) {
      for (const index of others) this.#writtenByOthers.add(index);
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#files.close();
  }

  async #make(indices: readonly number[], keep: boolean, signal?: AbortSignal): Promise<void> {
    const directories: Directories = { known: new Set(), made: new Set() };
    /** Those that have a new entry. */
    const changed = new Set<string>();
    const payload = indices.filter((index) => index !== this.#sentinelIndex);
    await mapLimited(
      payload,
      FILES_AT_ONCE,
      async (index) => {
        if (await this.#makeFile(index, keep, directories)) changed.add(dirname(this.#absolute(index)));
      },
      signal,
    );
    await checkBatch(directories);
    for (const directory of directories.made) changed.add(dirname(directory));
    await mapLimited([...changed], FILES_AT_ONCE, flushDirectory);
  }

  /** @returns false where it was there */
  async #makeFile(index: number, keep: boolean, directories: Directories): Promise<boolean> {
    const { root, layout, old } = this.#options;
    const path = pathOf(layout, index);
    const size = layout.files[index]?.size ?? 0;
    // A new file of a new download need not be looked for: making it fails where something is there.
    const there = keep || old.has(index) ? await lookExactly(this.#absolute(index)) : null;
    const state = judge(there, size);
    if (there !== null && state === "ours" && keep) {
      this.#identities.set(index, identityOf(there));
      return false;
    }
    const stays = state === "empty" && keep;
    if (state !== "missing" && !stays && !(old.has(index) && (await removeFile(root, path)))) {
      throw inTheWay(this.#absolute(index));
    }
    await using file = stays ? await openBelow(root, path) : await makeBelow(root, path, directories);
    this.#made.add(index);
    try {
      this.#identities.set(index, identityOf(await file.stat({ bigint: true })));
      if (size > 0) await file.truncate(size);
    } catch (error) {
      throw fromNodeError(error, this.#absolute(index));
    }
    return true;
  }

  #absolute(index: number): string {
    return join(this.#options.root, pathOf(this.#options.layout, index));
  }
}

/** What is at the path of a file that the journal names. */
export async function fileState(root: string, path: string, size: number): Promise<FileState> {
  return judge(await lookExactly(join(root, path)), size);
}

/**
 * With the full size a file is ours, and without any it was made and not given its size. A second name of the same file is
 * somebody else's: it must not be written to.
 */
function judge(stats: BigIntStats | null, size: number): FileState {
  if (stats === null) return "missing";
  if (!stats.isFile() || stats.nlink > 1n) return "other";
  if (stats.size === BigInt(size)) return "ours";
  return stats.size === 0n ? "empty" : "other";
}

/** What `lstat` says, to the last digit of the file's number; null where nothing is. */
async function lookExactly(absolute: string): Promise<BigIntStats | null> {
  try {
    return await lstat(absolute, { bigint: true });
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR") return null;
    throw fromNodeError(error, absolute);
  }
}

/** Tells a file from every other one. */
function identityOf({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`;
}

export function inTheWay(absolute: string): PeerError {
  return new PeerError(
    "already-exists",
    `${absolute} is there already, and no download of ours put it there`,
    {
      hint: "Move it away, or name its folder differently: nothing was overwritten.",
    },
  );
}

function pathOf(layout: PieceLayout, index: number): string {
  const file = layout.files[index];
  if (file === undefined) throw new RangeError(`file ${index} of ${layout.files.length}`);
  return file.path;
}

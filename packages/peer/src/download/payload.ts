import type { PieceLayout } from "@lanspread/proto";
import { mapLimited } from "../library/map-limited.ts";
import { flushDirectory, pooledAccess, SENTINEL_NAME } from "../storage/index.ts";
import type { PieceSink } from "../transfer/index.ts";
import { FILES_AT_ONCE, FILES_PER_ORDER } from "./constants.ts";
import { type FileState, type FoundFile, findFile, NOTHING, type WantedFile } from "./file-state.ts";
import { type FileToMake, type MadeFiles, makeFiles, makeFilesAgain } from "./make-files.ts";
import { OpenFiles } from "./open-files.ts";
import type { LaneDownload } from "./types.ts";

export interface PayloadOptions {
  readonly root: string;
  readonly layout: PieceLayout;
  /** Indices of the files that the old version has under the same path. */
  readonly old: ReadonlySet<number>;
  /** Whether the old version has been touched already. */
  readonly touched: boolean;
  /** Called, and waited for, before the first change of a file of the old version. */
  readonly touch: () => Promise<void>;
  /** Threads that make files and look at them past the own one. */
  readonly lanes?: Pick<LaneDownload, "make" | "look"> | null;
}

/** What {@link Payload.inspect} found. */
export interface Inspection {
  /**
   * Files that are not where they were made, by index, with what is at the path now: `ours` where it is another file of the same size,
   * or where the file system does not keep the numbers of its files.
   */
  readonly misplaced: ReadonlyMap<number, FileState>;
  /** Last change of each of the others, by index: nanoseconds since 1970, as digits. */
  readonly mtimesNs: ReadonlyMap<number, string>;
}

interface SurelyMade extends MadeFiles {
  /** False where some count as made only because they are there. */
  readonly isSure: boolean;
}

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
  /** Made by this object below directories that were looked at: no link led there. */
  readonly #ownBelow = new Set<number>();
  /** Which file on the disk each one is. */
  readonly #identities = new Map<number, string>();
  /** When the names of all files that were made are on the disk. */
  #named: Promise<unknown> = Promise.resolve();
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
   */
  async inspect(signal?: AbortSignal): Promise<Inspection> {
    const { layout, old } = this.#options;
    // What has no content in the new version came with no byte, and may still be the old version's.
    if (old.size > 0) await this.replaceOld();
    const misplaced = new Map<number, FileState>();
    const mtimesNs = new Map<number, string>();
    const payload = [...layout.files.keys()].filter((index) => index !== this.#sentinelIndex);
    await this.#inOrders(payload, signal, async (indices) => {
      const found = await this.#find(indices.map((index) => this.#wanted(index)));
      for (const [place, index] of indices.entries()) {
        const { state, identity, mtimeNs } = found[place] ?? NOTHING;
        const same = identity !== null && identity === this.#identities.get(index);
        if (state !== "ours" || !same) misplaced.set(index, state);
        else if (mtimeNs !== null) mtimesNs.set(index, mtimeNs);
      }
    });
    return { misplaced, mtimesNs };
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

  /** Which file on the disk was made for it just now, below directories that were looked at; null for any other one. */
  identityOf(fileIndex: number): string | null {
    return this.#ownBelow.has(fileIndex) ? (this.#identities.get(fileIndex) ?? null) : null;
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
   * What was written to these files is on the disk when it resolves, and so are the names of all files that were made before.
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
      await this.#named;
    } catch (error) {
      for (const index of others) this.#writtenByOthers.add(index);
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#files.close();
    await Promise.allSettled([this.#named]);
  }

  async #make(indices: readonly number[], keeps: boolean, signal?: AbortSignal): Promise<void> {
    const { old } = this.#options;
    const payload = indices.filter((index) => index !== this.#sentinelIndex);
    /** Directories that have a new entry. */
    const changed = new Set<string>();
    await this.#inOrders(payload, signal, async (some) => {
      const { identities, made, ...done } = await this.#makeFiles(
        some.map((index) => ({ ...this.#wanted(index), keeps, replaces: old.has(index) })),
        signal,
      );
      const isMade = new Set(made);
      for (const [place, index] of some.entries()) {
        if (isMade.has(place)) this.#made.add(index);
        if (isMade.has(place) && done.isSure) this.#ownBelow.add(index);
        const identity = identities[place] ?? null;
        if (identity !== null) this.#identities.set(index, identity);
      }
      for (const directory of done.changed) changed.add(directory);
      if (done.error !== null) throw done.error;
    });
    const flushed = mapLimited([...changed], FILES_AT_ONCE, flushDirectory);
    // Nothing counts as fetched before: bytes may come meanwhile.
    this.#named = Promise.all([this.#named, flushed]);
    this.#named.catch(() => {});
  }

  async #makeFiles(files: readonly FileToMake[], signal?: AbortSignal): Promise<SurelyMade> {
    const { root, lanes = null } = this.#options;
    if (lanes === null) return { ...(await makeFiles(pooledAccess, root, files, signal)), isSure: true };
    const made = await lanes.make(files);
    if (made !== null) return { ...made, isSure: true };
    // A lane that is gone may have made some of them.
    return { ...(await makeFilesAgain(pooledAccess, root, files, signal)), isSure: false };
  }

  async #find(files: readonly WantedFile[]): Promise<readonly FoundFile[]> {
    const { root, lanes = null } = this.#options;
    const found = (await lanes?.look(files)) ?? null;
    return found ?? (await mapLimited(files, FILES_AT_ONCE, (file) => findFile(pooledAccess, root, file)));
  }

  /** Does something with files, in parts for the lanes where there are any. */
  async #inOrders(
    indices: readonly number[],
    signal: AbortSignal | undefined,
    work: (indices: readonly number[]) => Promise<void>,
  ): Promise<void> {
    const perOrder = (this.#options.lanes ?? null) === null ? indices.length : FILES_PER_ORDER;
    const orders: (readonly number[])[] = [];
    for (let at = 0; at < indices.length; at += perOrder) orders.push(indices.slice(at, at + perOrder));
    await mapLimited(orders, FILES_AT_ONCE, work, signal);
  }

  #wanted(index: number): WantedFile {
    const { layout } = this.#options;
    return { path: pathOf(layout, index), size: layout.files[index]?.size ?? 0 };
  }
}

function pathOf(layout: PieceLayout, index: number): string {
  const file = layout.files[index];
  if (file === undefined) throw new RangeError(`file ${index} of ${layout.files.length}`);
  return file.path;
}

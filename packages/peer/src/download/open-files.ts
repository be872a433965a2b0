import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { fromNodeError } from "../errors/index.ts";
import { MAX_OPEN_FILES } from "./constants.ts";
import { openBelow } from "./safe-path.ts";

interface OpenFile {
  readonly handle: Promise<FileHandle>;
  users: number;
  /** Whether it was changed since it was flushed. */
  changed: boolean;
}

export interface OpenFilesOptions {
  /** Whether a changed file is flushed before it is closed. Default true; false where somebody else flushes. */
  readonly flushes?: boolean;
}

/**
 * Files below a root that stay open while they are used often. A changed file is flushed before it is closed, so that no
 * file is opened again only to be flushed.
 */
export class OpenFiles {
  readonly #root: string;
  readonly #pathOf: (index: number) => string;
  /** Least recently used first. */
  readonly #files = new Map<number, OpenFile>();
  readonly #closing = new Map<number, Promise<void>>();
  /** Changed through other handles, and not flushed since. */
  readonly #changedElsewhere = new Set<number>();
  readonly #flushes: boolean;
  /** Failed to be flushed and closed; told to who flushes next. */
  readonly #failures = new Map<number, unknown>();

  constructor(root: string, pathOf: (index: number) => string, { flushes = true }: OpenFilesOptions = {}) {
    this.#root = root;
    this.#flushes = flushes;
    this.#pathOf = pathOf;
  }

  /** @throws PeerError naming the file */
  use<T>(index: number, work: (file: FileHandle) => Promise<T>): Promise<T> {
    return this.#with(index, ({ handle }) => handle.then(work));
  }

  /** As {@link use}, for work that changes the file. */
  change(index: number, work: (file: FileHandle) => Promise<void>): Promise<void> {
    return this.#with(index, async (entry) => {
      entry.changed = true;
      await work(await entry.handle);
      // Once more: a flush that ran beside the work may not have seen all of it.
      entry.changed = true;
    });
  }

  /** Writes all of the bytes at an offset. */
  write(index: number, bytes: Uint8Array, offset: number): Promise<void> {
    return this.change(index, async (file) => {
      for (let done = 0; done < bytes.length; ) {
        const { bytesWritten } = await file.write(bytes, done, bytes.length - done, offset + done);
        done += bytesWritten;
      }
    });
  }

  /** Somebody else has changed the file: {@link flush} has to see to that, too. */
  changedElsewhere(index: number): void {
    this.#changedElsewhere.add(index);
  }

  /** Resolves when every change that had ended before the call is on disk. */
  async flush(index: number): Promise<void> {
    await this.#closing.get(index);
    if (this.#failures.has(index)) throw this.#failures.get(index);
    const elsewhere = this.#changedElsewhere.delete(index);
    if (!elsewhere && this.#files.get(index)?.changed !== true) return;
    try {
      await this.#with(index, flushChanges);
    } catch (error) {
      if (elsewhere) this.#changedElsewhere.add(index);
      throw error;
    }
  }

  /** Nobody may use a file any more. What was changed and not flushed is not flushed here either. */
  async close(): Promise<void> {
    const open = [...this.#files.values()];
    this.#files.clear();
    await Promise.allSettled(open.map(async ({ handle }) => (await handle).close()));
    await Promise.all(this.#closing.values());
  }

  /** What cannot be opened is tried anew the next time. */
  #open(index: number, path: string): OpenFile {
    const entry: OpenFile = { handle: openBelow(this.#root, path), users: 0, changed: false };
    entry.handle.catch(() => {
      if (this.#files.get(index) === entry) this.#files.delete(index);
    });
    return entry;
  }

  async #with<T>(index: number, work: (entry: OpenFile) => Promise<T>): Promise<T> {
    // Who writes faster than the disk flushes waits here.
    while (this.#closing.has(index) || this.#closing.size >= MAX_OPEN_FILES) {
      await (this.#closing.get(index) ?? Promise.race(this.#closing.values()));
    }
    const path = this.#pathOf(index);
    const entry = this.#files.get(index) ?? this.#open(index, path);
    this.#files.delete(index);
    this.#files.set(index, entry);
    entry.users += 1;
    try {
      return await work(entry);
    } catch (error) {
      throw fromNodeError(error, join(this.#root, path));
    } finally {
      entry.users -= 1;
      this.#closeIdle();
    }
  }

  #closeIdle(): void {
    if (this.#files.size <= MAX_OPEN_FILES) return;
    for (const [index, entry] of this.#files) {
      if (entry.users > 0) continue;
      this.#files.delete(index);
      this.#closing.set(index, this.#flushAndClose(index, entry));
      return;
    }
  }

  /** Never rejects. */
  async #flushAndClose(index: number, entry: OpenFile): Promise<void> {
    try {
      const file = await entry.handle;
      try {
        if (entry.changed && this.#flushes) await flushChanges(entry);
      } finally {
        await file.close();
      }
    } catch (error) {
      if (entry.changed)
        this.#failures.set(index, fromNodeError(error, join(this.#root, this.#pathOf(index))));
    } finally {
      this.#closing.delete(index);
    }
  }
}

async function flushChanges(entry: OpenFile): Promise<void> {
  entry.changed = false;
  try {
    await (await entry.handle).datasync();
  } catch (error) {
    entry.changed = true;
    throw error;
  }
}

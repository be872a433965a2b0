import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { fromNodeError } from "../errors/index.ts";
import { MAX_OPEN_FILES } from "./constants.ts";
import { openBelow } from "./safe-path.ts";

interface OpenFile {
  readonly handle: Promise<FileHandle>;
  users: number;
}

/** Files below a root that stay open while they are used often; at most {@link MAX_OPEN_FILES} idle ones. */
export class OpenFiles {
  readonly #root: string;
  readonly #pathOf: (index: number) => string;
  /** Least recently used first. */
  readonly #files = new Map<number, OpenFile>();
  readonly #closing = new Set<Promise<void>>();

  constructor(root: string, pathOf: (index: number) => string) {
    this.#root = root;
    this.#pathOf = pathOf;
  }

  /** @throws PeerError naming the file */
  async use<T>(index: number, work: (file: FileHandle) => Promise<T>): Promise<T> {
    const path = this.#pathOf(index);
    const entry = this.#files.get(index) ?? {
      handle: openBelow(this.#root, path),
      users: 0,
    };
    this.#files.delete(index);
    this.#files.set(index, entry);
    entry.users += 1;
    try {
      return await work(await entry.handle);
    } catch (error) {
      throw fromNodeError(error, join(this.#root, path));
    } finally {
      entry.users -= 1;
      this.#closeIdle();
    }
  }

  /** Nobody may use a file any more. */
  async close(): Promise<void> {
    for (const [index, entry] of this.#files) this.#forget(index, entry);
    await Promise.all(this.#closing);
  }

  #closeIdle(): void {
    if (this.#files.size <= MAX_OPEN_FILES) return;
    for (const [index, entry] of this.#files) {
      if (entry.users > 0) continue;
      this.#forget(index, entry);
      return;
    }
  }

  #forget(index: number, entry: OpenFile): void {
    this.#files.delete(index);
    const closed = entry.handle.then(
      (file) => file.close(),
      () => {},
    );
    const tracked = closed
      .then(
        () => {},
        () => {},
      )
      .finally(() => this.#closing.delete(tracked));
    this.#closing.add(tracked);
  }
}

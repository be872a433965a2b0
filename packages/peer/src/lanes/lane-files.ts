import { join } from "node:path";
import { OpenFiles } from "../download/open-files.ts";
import { openBelowBy } from "../download/safe-path.ts";
import { fromNodeError } from "../errors/index.ts";
import { directAccess, type FileAccess } from "../storage/index.ts";
import type { PieceSink } from "../transfer/index.ts";
import { DIRECT_BYTES } from "./constants.ts";

/** The files of one download as one lane writes them. They are there already; the main thread flushes them. */
export class LaneFiles implements PieceSink {
  readonly #root: string;
  readonly #named = new Map<number, { readonly path: string; readonly identity: string | null }>();
  readonly #files: OpenFiles;
  readonly #access: FileAccess;

  /**
   * @param root absolute path of the game root
   * @param access how a few bytes are written
   */
  constructor(root: string, access = directAccess) {
    this.#root = root;
    this.#access = access;
    this.#files = new OpenFiles(root, (index) => this.#pathOf(index), { flushes: false });
  }

  /** @param identity which file on the disk it is; null where nobody knows */
  name(fileIndex: number, path: string, identity: string | null): void {
    this.#named.set(fileIndex, { path, identity });
  }

  write(fileIndex: number, bytes: Uint8Array, offset: number): Promise<void> {
    if (bytes.length > DIRECT_BYTES) return this.#files.write(fileIndex, bytes, offset);
    return this.#writeDirectly(fileIndex, bytes, offset);
  }

  close(): Promise<void> {
    return this.#files.close();
  }

  #pathOf(fileIndex: number): string {
    return this.#named.get(fileIndex)?.path ?? "";
  }

  /** A few bytes, as a small file has them, or the end of a large one: nothing is kept open for them. */
  async #writeDirectly(fileIndex: number, bytes: Uint8Array, offset: number): Promise<void> {
    const path = this.#pathOf(fileIndex);
    const identity = this.#named.get(fileIndex)?.identity ?? null;
    const file = await openBelowBy(this.#access, this.#root, path, undefined, identity);
    try {
      for (let done = 0; done < bytes.length; ) {
        done += await file.write(bytes.subarray(done), offset + done);
      }
    } catch (error) {
      throw fromNodeError(error, join(this.#root, path));
    } finally {
      await file.close();
    }
  }
}

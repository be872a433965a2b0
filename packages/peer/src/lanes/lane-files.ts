import { join } from "node:path";
import { OpenFiles } from "../download/open-files.ts";
import { openBelowBy } from "../download/safe-path.ts";
import { fromNodeError } from "../errors/index.ts";
import { directAccess, type FileAccess } from "../storage/index.ts";
import type { PieceSink } from "../transfer/index.ts";
import { DIRECT_BYTES } from "./constants.ts";
import { FlushPace } from "./flush-pace.ts";

interface NamedFile {
  readonly path: string;
  readonly identity: string | null;
  isFlushed: boolean;
}

type Pace = Pick<FlushPace, "isOwn" | "ownTook">;

export interface LaneFilesOptions {
  /** How a few bytes are written. */
  readonly access?: FileAccess;
  /** What flushes took before. */
  readonly pace?: Pace;
}

/** The files of one download as one lane writes them. They are there already; whatever is not flushed here the main thread sees to. */
export class LaneFiles implements PieceSink {
  readonly #root: string;
  readonly #named = new Map<number, NamedFile>();
  readonly #files: OpenFiles;
  readonly #access: FileAccess;
  readonly #pace: Pace;

  /** @param root absolute path of the game root */
  constructor(root: string, { access = directAccess, pace = new FlushPace() }: LaneFilesOptions = {}) {
    this.#root = root;
    this.#access = access;
    this.#pace = pace;
    this.#files = new OpenFiles(root, (index) => this.#pathOf(index), { flushes: false });
  }

  /** @param identity which file on the disk it is; null where nobody knows */
  name(fileIndex: number, path: string, identity: string | null): void {
    this.#named.set(fileIndex, { path, identity, isFlushed: false });
  }

  /** Whether everything that was written here since the file was named is on the disk. */
  isFlushed(fileIndex: number): boolean {
    return this.#named.get(fileIndex)?.isFlushed === true;
  }

  write(fileIndex: number, bytes: Uint8Array, offset: number): Promise<void> {
    if (bytes.length > DIRECT_BYTES) return this.#writeLater(fileIndex, bytes, offset);
    return this.#writeDirectly(fileIndex, bytes, offset);
  }

  close(): Promise<void> {
    return this.#files.close();
  }

  async #writeLater(fileIndex: number, bytes: Uint8Array, offset: number): Promise<void> {
    await this.#files.write(fileIndex, bytes, offset);
    const named = this.#named.get(fileIndex);
    if (named !== undefined) named.isFlushed = false;
  }

  #pathOf(fileIndex: number): string {
    return this.#named.get(fileIndex)?.path ?? "";
  }

  /** A few bytes, as a small file has them, or the end of a large one: nothing is kept open for them. */
  async #writeDirectly(fileIndex: number, bytes: Uint8Array, offset: number): Promise<void> {
    const named = this.#named.get(fileIndex);
    const { path, identity } = named ?? { path: "", identity: null };
    const file = await openBelowBy(this.#access, this.#root, path, undefined, identity);
    try {
      if (named !== undefined) named.isFlushed = false;
      for (let done = 0; done < bytes.length; ) {
        done += await file.write(bytes.subarray(done), offset + done);
      }
      // So few bytes at the beginning are a whole file as a rule. Where a flush costs nothing, opening the file once more for it would cost the most.
      if (named !== undefined && offset === 0 && this.#pace.isOwn) {
        const begun = performance.now();
        file.datasyncNow();
        this.#pace.ownTook(performance.now() - begun);
        named.isFlushed = true;
      }
    } catch (error) {
      throw fromNodeError(error, join(this.#root, path));
    } finally {
      await file.close();
    }
  }
}

import { OpenFiles } from "../download/open-files.ts";
import type { PieceSink } from "../transfer/index.ts";

/** The files of one download as one lane writes them. They are there already; the main thread flushes them. */
export class LaneFiles implements PieceSink {
  readonly #paths = new Map<number, string>();
  readonly #files: OpenFiles;

  /** @param root absolute path of the game root */
  constructor(root: string) {
    this.#files = new OpenFiles(root, (index) => this.#paths.get(index) ?? "", { flushes: false });
  }

  name(fileIndex: number, path: string): void {
    this.#paths.set(fileIndex, path);
  }

  write(fileIndex: number, bytes: Uint8Array, offset: number): Promise<void> {
    return this.#files.write(fileIndex, bytes, offset);
  }

  close(): Promise<void> {
    return this.#files.close();
  }
}

import { constants } from "node:fs";
import type { FileAccess, OpenedFile } from "../storage/index.ts";

/** Only Linux lets one name what is in an open directory by a path, and says where that directory is. */
const OPEN_DIRECTORY =
  process.platform === "linux"
    ? constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW | constants.O_NONBLOCK
    : null;

/**
 * Directories that are kept open: what is named by one is in it, also where somebody has put a link in its place since.
 * Closed by its owner.
 */
export class OpenDirectories implements AsyncDisposable {
  readonly #access: Pick<FileAccess, "open">;
  readonly #opened = new Map<string, Promise<OpenedFile | null>>();

  constructor(access: Pick<FileAccess, "open">) {
    this.#access = access;
  }

  /**
   * A path of what is in a directory that leads there for as long as this is not disposed of.
   *
   * @param directory absolute path without links
   * @returns null where it cannot be had, or there is a link on the way to the directory: whoever looks at each step finds out
   */
  async pathIn(directory: string, name: string): Promise<string | null> {
    let opened = this.#opened.get(directory);
    if (opened === undefined) {
      opened = this.#open(directory);
      this.#opened.set(directory, opened);
    }
    return (await opened)?.pathOf(name) ?? null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const opened of this.#opened.values()) await (await opened)?.close();
    this.#opened.clear();
  }

  async #open(directory: string): Promise<OpenedFile | null> {
    if (OPEN_DIRECTORY === null) return null;
    let opened: OpenedFile | null = null;
    try {
      opened = await this.#access.open(directory, OPEN_DIRECTORY);
      if ((await opened.whereabouts()) === directory) return opened;
    } catch {
      // Whatever it is: it shows again to who looks.
    }
    await opened?.close();
    return null;
  }
}

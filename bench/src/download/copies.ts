import { rm } from "node:fs/promises";

/**
 * The one copy that is there. Each measurement begins by deleting the copy that the last one made, whoever made it: so what is written
 * next gets memory that the machine has had in use a moment ago, which is what a disk's cache is like on a machine that has run for a
 * while. Memory that was never used costs several times as much on a virtual machine.
 */
export class Copies {
  #last: string | null = null;

  /** Deletes the last copy; `path` is where the next one will be, null where there will be none. */
  async makeRoomFor(path: string | null): Promise<void> {
    const last = this.#last;
    this.#last = path;
    if (last !== null) await rm(last, { recursive: true, force: true });
  }
}

import type { GameId } from "@lanspread/proto";
import type { Logger } from "../logger.ts";
import type { IndexEntry } from "./entry.ts";
import type { IndexStore } from "./index-store.ts";

/** What is known of each game root, here and on disk in step. */
export class Entries {
  readonly #store: Pick<IndexStore, "saveEntry">;
  readonly #logger: Logger;
  readonly #entries = new Map<GameId, IndexEntry>();
  /** Entries that are being put in place, by {@link replace}; none rejects. */
  readonly #replacing = new Map<GameId, Promise<boolean>>();

  constructor(store: Pick<IndexStore, "saveEntry">, logger: Logger) {
    this.#store = store;
    this.#logger = logger;
  }

  get size(): number {
    return this.#entries.size;
  }

  has(id: GameId): boolean {
    return this.#entries.has(id);
  }

  get(id: GameId): IndexEntry | undefined {
    return this.#entries.get(id);
  }

  ids(): IterableIterator<GameId> {
    return this.#entries.keys();
  }

  /** By id. */
  sorted(): IndexEntry[] {
    return [...this.#entries.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** Forgets a game here. Its file stays: a game that comes back is not hashed again. */
  remove(id: GameId): void {
    this.#entries.delete(id);
  }

  /** Forgets all games here; their files stay. */
  clear(): void {
    this.#entries.clear();
  }

  /**
   * Puts an entry in the place of the one before, on disk and here. One after the other per game: a look and a hash that end
   * together must not leave the older one on disk.
   *
   * @returns false where the entry is old by now, and nothing was put anywhere that counts
   */
  async replace(entry: IndexEntry, isOld: () => boolean): Promise<boolean> {
    const { id } = entry;
    const before = this.#replacing.get(id);
    const replace = async (): Promise<boolean> => {
      await before;
      if (isOld()) return false;
      await this.#save(entry);
      if (isOld()) return false;
      this.#entries.set(id, entry);
      return true;
    };
    const replaced = replace();
    this.#replacing.set(id, replaced);
    try {
      return await replaced;
    } finally {
      if (this.#replacing.get(id) === replaced) this.#replacing.delete(id);
    }
  }

  /**
   * The index is a cache: when it cannot be written, the next start has more to do, and the party goes on. A root that cannot
   * be read leaves the file of when it could.
   */
  async #save(entry: IndexEntry): Promise<void> {
    if (entry.fingerprint === "") return;
    try {
      await this.#store.saveEntry(entry);
    } catch (error) {
      this.#logger.warn("the index entry could not be written", { gameId: entry.id, error });
    }
  }
}

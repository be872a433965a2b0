import type { GameId } from "@lanspread/proto";
import type { Logger } from "../logger.ts";
import { type IndexEntry, isUnread } from "./entry.ts";
import type { IndexStore } from "./index-store.ts";

/** What is known of each game root, here and on disk in step. */
export class Entries {
  readonly #store: Pick<IndexStore, "isSaved" | "saveEntry">;
  readonly #logger: Logger;
  readonly #entries = new Map<GameId, IndexEntry>();
  /** Of these, the roots that could not be read when they were looked at last. */
  readonly #unread = new Set<GameId>();
  /** Entries that are being put in place, by {@link replace}; none rejects. */
  readonly #replacing = new Map<GameId, Promise<boolean>>();

  constructor(store: Pick<IndexStore, "isSaved" | "saveEntry">, logger: Logger) {
    this.#store = store;
    this.#logger = logger;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Whether a root is known, and was read when it was looked at last. */
  isRead(id: GameId): boolean {
    return this.#entries.has(id) && !this.#unread.has(id);
  }

  /** Whether every root that is known was read when it was looked at last. */
  get areRead(): boolean {
    return this.#unread.size === 0;
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
    this.#unread.delete(id);
  }

  /** Forgets all games here; their files stay. */
  clear(): void {
    this.#entries.clear();
    this.#unread.clear();
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
    if (before === undefined && this.#store.isSaved(entry)) {
      // As all entries are at the start of an unchanged library.
      if (isOld()) return false;
      this.#put(entry);
      return true;
    }
    const replace = async (): Promise<boolean> => {
      await before;
      if (isOld()) return false;
      await this.#save(entry);
      if (isOld()) return false;
      this.#put(entry);
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

  #put(entry: IndexEntry): void {
    this.#entries.set(entry.id, entry);
    if (isUnread(entry)) this.#unread.add(entry.id);
    else this.#unread.delete(entry.id);
  }

  /**
   * The index is a cache: when it cannot be written, the next start has more to do, and the party goes on. A root that cannot
   * be read leaves the file of when it could.
   */
  async #save(entry: IndexEntry): Promise<void> {
    if (isUnread(entry) || this.#store.isSaved(entry)) return;
    try {
      await this.#store.saveEntry(entry);
    } catch (error) {
      this.#logger.warn("the index entry could not be written", { gameId: entry.id, error });
    }
  }
}

import { FETCHES_AT_ONCE } from "./constants.ts";

interface Line<Item> {
  underWay: number;
  /** Begun in this order. */
  readonly waiting: Map<number, Item>;
}

/** Who is under way with one lane of a source, {@link FETCHES_AT_ONCE} at most, and who waits for that. */
export class Turns<Item extends { readonly id: number }> {
  readonly #begin: (item: Item) => void;
  readonly #lines = new Map<string, Line<Item>>();

  /** @param begin called once for each item that does not leave before, at once or when its turn has come */
  constructor(begin: (item: Item) => void) {
    this.#begin = begin;
  }

  /** @param lane with which lane of which source; the same for {@link ended} */
  take(lane: string, item: Item): void {
    let line = this.#lines.get(lane);
    if (line === undefined) {
      line = { underWay: 0, waiting: new Map() };
      this.#lines.set(lane, line);
    }
    if (line.underWay >= FETCHES_AT_ONCE) {
      line.waiting.set(item.id, item);
      return;
    }
    line.underWay += 1;
    this.#begin(item);
  }

  /** One that was under way is not any more: the next one begins. */
  ended(lane: string): void {
    const line = this.#lines.get(lane);
    if (line === undefined) return;
    const [next] = line.waiting.values();
    if (next !== undefined) {
      line.waiting.delete(next.id);
      this.#begin(next);
      return;
    }
    line.underWay -= 1;
    if (line.underWay === 0) this.#lines.delete(lane);
  }

  /** @returns whether it waited; it will not begin */
  leave(id: number): boolean {
    for (const { waiting } of this.#lines.values()) if (waiting.delete(id)) return true;
    return false;
  }

  /**
   * Nobody begins any more who waits: with one lane of a source, or with any.
   *
   * @returns those
   */
  leaveAll(lane?: string): Item[] {
    const lines = lane === undefined ? [...this.#lines.values()] : [this.#lines.get(lane)];
    return lines.flatMap((line) => {
      const items = [...(line?.waiting.values() ?? [])];
      line?.waiting.clear();
      return items;
    });
  }
}

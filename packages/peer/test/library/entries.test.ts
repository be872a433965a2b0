import { describe, expect, it } from "vitest";
import { Entries } from "../../src/library/entries.ts";
import { type IndexEntry, unreadableEntry } from "../../src/library/entry.ts";
import { silentLogger } from "../../src/logger.ts";
import { BF1942, GGOO } from "./support.ts";

const entry = (fingerprint: string, id = GGOO): IndexEntry => ({ ...unreadableEntry(id, ""), fingerprint });

/** A disk that takes an entry when it is told to. */
function slowDisk() {
  const saved: string[] = [];
  const waiting: (() => void)[] = [];
  const store = {
    isSaved: () => false,
    saveEntry: ({ fingerprint }: IndexEntry): Promise<void> => {
      saved.push(fingerprint);
      return new Promise((resolve) => waiting.push(resolve));
    },
  };
  return { saved, entries: new Entries(store, silentLogger), take: () => waiting.shift()?.() };
}

describe("the entries of an index", () => {
  it("are put in place one after the other per game: what has become old meanwhile is not even written", async () => {
    const { entries, saved, take } = slowDisk();
    const first = entry("first");
    const placed = entries.replace(first, () => false);
    await Promise.resolve();
    take();
    expect(await placed).toBe(true);
    // A look has found something else while the first was being hashed, and both end together.
    const looked = entries.replace(entry("looked"), () => false);
    const hashed = entries.replace(entry("hashed"), () => entries.get(GGOO) !== first);
    const other = entries.replace(entry("other", BF1942), () => false);
    await new Promise<void>((resolve) => setImmediate(resolve));
    expect(saved).toEqual(["first", "looked", "other"]);
    take();
    take();
    expect(await Promise.all([looked, hashed, other])).toEqual([true, false, true]);
    expect(saved).toEqual(["first", "looked", "other"]);
    expect(entries.sorted().map(({ fingerprint }) => fingerprint)).toEqual(["other", "looked"]);
  });

  it("that became old while they were written count no more than those before them", async () => {
    const { entries, take } = slowDisk();
    let isOld = false;
    const placed = entries.replace(entry("old"), () => isOld);
    await Promise.resolve();
    isOld = true;
    take();
    expect([await placed, entries.get(GGOO)]).toEqual([false, undefined]);
  });

  it("know which roots could not be read, until they are read, or gone", async () => {
    const entries = new Entries({ isSaved: () => false, saveEntry: async () => {} }, silentLogger);
    const put = (of: IndexEntry) => entries.replace(of, () => false);
    await put(entry("read"));
    expect([entries.isRead(GGOO), entries.isRead(BF1942), entries.areRead]).toEqual([true, false, true]);
    for (const leave of [() => put(entry("read")), () => entries.remove(GGOO), () => entries.clear()]) {
      await put(unreadableEntry(GGOO, "the disk had a bad moment"));
      expect([entries.isRead(GGOO), entries.areRead]).toEqual([false, false]);
      await leave();
      expect(entries.areRead).toBe(true);
    }
  });
});

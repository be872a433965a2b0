import { asGameId, gameVersionSchema, hashSchema } from "@lanspread/proto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createCatalog } from "../../src/catalog/index.ts";
import type { MeasuredGame } from "../../src/catalog/measure.ts";
import {
  type CatalogContent,
  catalogToText,
  type MergeOptions,
  mergeCatalog,
} from "../../src/catalog/merge.ts";
import { type CatalogEntry, catalogEntrySchema } from "../../src/catalog/schema.ts";

const HASH = (digit: string) => hashSchema.parse(digit.repeat(64));

function measured(id: string, digit = "a"): MeasuredGame {
  return { id: asGameId(id), version: gameVersionSchema.parse("20240101"), size: 7, contentId: HASH(digit) };
}

function earlier(name: string, ...games: unknown[]): CatalogContent {
  return { name, games: games.map((game) => catalogEntrySchema.parse(game)) };
}

function merge(options: Partial<MergeOptions>): ReturnType<typeof mergeCatalog> {
  return mergeCatalog({
    defaultName: "games",
    measured: [],
    earlier: [],
    isDropped: () => false,
    ...options,
  });
}

/** Every field that a person writes. */
const WRITTEN = {
  id: "ggoo",
  name: "Great Game",
  genre: "Arena",
  max_players: 16,
  year: 2012,
  description: "Jump.\n\nAnd run.",
  thumbnail: "pictures/ggoo.png",
  can_host_server: false,
};
const OF_THE_DISK = { version: "20240101", size: 7, content_id: "a".repeat(64) };

describe("a merged catalog", () => {
  it("has every field that a person wrote, and version, size and content of the disk", () => {
    const old = earlier("LAN", { ...WRITTEN, version: "1", size: 1, content_id: "b".repeat(64) });
    expect(merge({ measured: [measured("ggoo")], earlier: [old] })).toEqual({
      name: "LAN",
      games: [{ ...WRITTEN, ...OF_THE_DISK }],
      kept: [],
    });
    const fields = Object.keys({ ...WRITTEN, ...OF_THE_DISK });
    expect(fields.sort()).toEqual(Object.keys(catalogEntrySchema.shape).sort());
  });

  it("names a game that nobody wrote about by its id", () => {
    expect(merge({ measured: [measured("ggoo")] }).games).toEqual([
      { id: "ggoo", name: "ggoo", ...OF_THE_DISK },
    ]);
  });

  it("prefers the first of two earlier ones, field by field", () => {
    const games = merge({
      measured: [measured("ggoo")],
      earlier: [earlier("a", { id: "ggoo", name: "First" }), earlier("b", { ...WRITTEN, genre: "Second" })],
    }).games;
    expect(games).toMatchObject([{ name: "First", genre: "Second" }]);
  });

  it("keeps entries of games that were not measured, or leaves them out", () => {
    const old = earlier("a", { id: "zzz", name: "Z", version: "3" }, { id: "bbb", name: "B" });
    const kept = merge({ measured: [measured("ggoo")], earlier: [old] });
    expect(kept.games.map(({ id }) => id)).toEqual(["bbb", "ggoo", "zzz"]);
    expect(kept.games[2]).toEqual({ id: "zzz", name: "Z", version: "3" });
    expect(kept.kept).toEqual(["bbb", "zzz"]);
    const pruned = merge({ measured: [measured("ggoo")], earlier: [old], isDropped: (id) => id === "zzz" });
    expect(pruned.games.map(({ id }) => id)).toEqual(["bbb", "ggoo"]);
    expect(pruned.kept).toEqual(["bbb"]);
  });

  it.each([
    [{ name: "new", earlier: [earlier("old")] }, "new"],
    [{ earlier: [earlier("old"), earlier("older")] }, "old"],
    [{}, "games"],
  ])("of %j has the name %j", (options, name) => expect(merge(options).name).toBe(name));
});

/** Entries as a file may have them. */
const entry: fc.Arbitrary<CatalogEntry> = fc
  .record(
    {
      id: fc.stringMatching(/^[a-z0-9][a-z0-9_-]{0,8}$/),
      name: fc.stringMatching(/^[ -~äß日]{1,20}$/),
      version: fc.stringMatching(/^[0-9]{1,8}$/),
      genre: fc.string({ maxLength: 20 }),
      max_players: fc.integer({ min: 1, max: 99 }),
      year: fc.integer({ min: 1950, max: 2050 }),
      description: fc.string({ unit: "binary", maxLength: 50 }).filter((text) => text.isWellFormed()),
      size: fc.maxSafeNat(),
      thumbnail: fc.constantFrom("a.png", "pictures/ä.png"),
      can_host_server: fc.boolean(),
      content_id: fc.constantFrom(HASH("1"), HASH("2")),
    },
    { requiredKeys: ["id", "name"] },
  )
  .map((raw) => catalogEntrySchema.parse(raw));
const entries = fc.uniqueArray(entry, { selector: ({ id }) => id, maxLength: 6 });

describe("the text of a catalog", () => {
  it("is read as what it was made of, and made of that again is the same text", () => {
    fc.assert(
      fc.property(entries, (games) => {
        const text = catalogToText({ name: "LAN", games });
        const read = createCatalog(text, "x");
        expect(read.entries()).toEqual(games);
        expect(catalogToText({ name: read.name ?? "", games: read.entries() })).toBe(text);
      }),
    );
  });

  it("does not depend on the order of what was read", () => {
    fc.assert(
      fc.property(entries, fc.func(fc.integer()), (games, order) => {
        const shuffled = games.toSorted((a, b) => order(a.id) - order(b.id));
        const text = (list: readonly CatalogEntry[]) =>
          catalogToText(merge({ earlier: [{ name: "a", games: list }] }));
        expect(text(shuffled)).toBe(text(games));
      }),
    );
  });
});

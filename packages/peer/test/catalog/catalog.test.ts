import { writeFile } from "node:fs/promises";
import { asGameId } from "@lanspread/proto";
import { temporaryDirectory } from "@lanspread/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createCatalog, openCatalog } from "../../src/catalog/index.ts";
import { findJsonError } from "../../src/catalog/json-position.ts";

const HASH = "ab".repeat(32);
const file = (...games: unknown[]): string => JSON.stringify({ format: 1, name: "LAN 2026", games });

function refusalOf(text: string): string {
  try {
    createCatalog(text, "games.json");
  } catch (error) {
    expect(error).toMatchObject({ code: "catalog-invalid" });
    return error instanceof Error ? error.message : "";
  }
  throw new Error("the catalog was meant to be refused");
}

describe("a catalog", () => {
  it("says which games there are, and which version", async () => {
    await using dir = await temporaryDirectory();
    const full = {
      id: "bf1942",
      name: "Battlefield 1942",
      version: "2018.04.12",
      genre: "Shooter",
      max_players: 64,
      year: 2002,
      description: "Tanks.",
      size: 2 ** 40,
      thumbnail: "pictures/bf1942.png",
      can_host_server: true,
      content_id: HASH,
    };
    await writeFile(dir.join("games.json"), `\uFEFF${file(full, { id: "ggoo", name: "GGOO" })}`);
    const catalog = await openCatalog(dir.join("games.json"));
    expect(catalog.open).toBe(false);
    expect(catalog.name).toBe("LAN 2026");
    expect(catalog.has(asGameId("bf1942"))).toBe(true);
    expect(catalog.has(asGameId("cnc4"))).toBe(false);
    expect(catalog.versionOf(asGameId("bf1942"))).toBe("20180412");
    expect(catalog.versionOf(asGameId("ggoo"))).toBeUndefined();
    expect(catalog.entry(asGameId("bf1942"))).toEqual({ ...full, version: "20180412" });
    expect(catalog.entries().map((entry) => entry.id)).toEqual(["bf1942", "ggoo"]);
  });

  it("is open without a file", async () => {
    const catalog = await openCatalog(undefined);
    expect(catalog.open).toBe(true);
    expect(catalog.has(asGameId("anything"))).toBe(true);
    expect(catalog.entries()).toEqual([]);
  });

  it.each([
    ["an id", file({ id: "Bad Id", name: "x" }), 'games[0] ("Bad Id").id'],
    ["no name", file({ id: "a", name: "x" }, { id: "b" }), 'games[1] ("b").name'],
    ["a version", file({ id: "a", name: "x", version: "v1" }), 'games[0] ("a").version'],
    ["a version that is a number", file({ id: "a", name: "x", version: 2018 }), 'games[0] ("a").version'],
    ["a number", file({ id: "a", name: "x", max_players: "4" }), 'games[0] ("a").max_players'],
    ["a content id", file({ id: "a", name: "x", content_id: "AB" }), 'games[0] ("a").content_id'],
    ["an unknown field", file({ id: "a", name: "x", versoin: "1" }), "versoin"],
    ["an entry that is no object", file("a"), "games[0]"],
    [
      "an id twice",
      file({ id: "a", name: "x" }, { id: "a", name: "y" }),
      'games[1] ("a"): games[0] has the same id',
    ],
    ["a thumbnail outside", file({ id: "a", name: "x", thumbnail: "../x.png" }), 'games[0] ("a").thumbnail'],
    ["an absolute thumbnail", file({ id: "a", name: "x", thumbnail: "/x.png" }), 'games[0] ("a").thumbnail'],
    ["another format", JSON.stringify({ format: 2, name: "x", games: [] }), "format"],
    ["no list of games", JSON.stringify({ format: 1, name: "x" }), "games"],
    ["something else", "[]", "object"],
  ])("that has %s wrong is refused with file, entry and field", (_, text, place) => {
    const message = refusalOf(text);
    expect(message).toContain("games.json: ");
    expect(message).toContain(place);
  });

  it("tells five problems at once, and how many more there are", () => {
    const message = refusalOf(file(...Array.from({ length: 8 }, (_, index) => ({ id: `g${index}` }))));
    for (let index = 0; index < 5; index += 1) expect(message).toContain(`("g${index}").name`);
    expect(message).not.toContain("g5");
    expect(message).toContain("and 3 more");
  });

  it.each([
    ["a comma too many", '{\n  "format": 1,\n  "name": "x",\n  "games": [],\n}', "line 5, column 1"],
    ["no comma", '{\n  "format": 1\n  "name": "x"\n}', "line 3, column 3"],
    ["no end", '{\n  "format": 1', "line 2, column 14"],
    ["an empty file", "", "line 1, column 1"],
    ["a comment", '{ // games\n "format": 1 }', "line 1, column 3"],
    ["a line break in a text", '{ "name": "a\nb" }', "line 1, column 13"],
    ["text behind the end", "{} x", "line 1, column 4"],
    ["a word", '{\r\n "a": tru }', "line 2, column 7"],
  ])("that is no JSON (%s) is refused with line and column", (_, text, place) => {
    expect(refusalOf(text)).toContain(`games.json: ${place}: no valid JSON`);
  });

  it("names the file that is missing", async () => {
    await using dir = await temporaryDirectory();
    await expect(openCatalog(dir.join("no.json"))).rejects.toMatchObject({
      code: "no-such-file",
      message: expect.stringContaining(dir.join("no.json")),
      hint: expect.stringContaining("catalog build"),
    });
  });
});

describe("findJsonError", () => {
  it("finds nothing in JSON", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), fc.constantFrom(undefined, 2), (text, indent) => {
        expect(findJsonError(JSON.stringify(JSON.parse(text), null, indent))).toBeNull();
      }),
    );
  });

  it("agrees with JSON.parse about what is JSON, for texts cut and changed anywhere", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 3 }), fc.nat(), fc.string({ maxLength: 2 }), (text, at, inserted) => {
        const cut = at % (text.length + 1);
        const changed = text.slice(0, cut) + inserted + text.slice(cut + inserted.length);
        let valid = true;
        try {
          JSON.parse(changed);
        } catch {
          valid = false;
        }
        expect(findJsonError(changed) === null).toBe(valid);
      }),
      { numRuns: 2000 },
    );
  });

  it("ends on any nesting", () => {
    expect(findJsonError("[".repeat(100_000))).toMatchObject({ line: 1, column: 101 });
  });
});

import { asGameId, contentId, gameVersionSchema, manifestHash } from "@lanspread/proto";
import { describe, expect, it } from "vitest";
import type { IndexEntry } from "../../src/library/entry.ts";
import { entrySchema, entryToJson, parseEntry } from "../../src/library/entry-file.ts";
import { seal } from "../../src/storage/index.ts";

const VERSION = gameVersionSchema.parse("20180412");
const FILES = [{ path: "version.ini", size: 9, mtimeNs: "1700000000000000000" }];
const DIGESTS = new Uint8Array(32).fill(7);
const HASH = manifestHash(VERSION, FILES);

const ENTRY: IndexEntry = {
  id: asGameId("ggoo"),
  fingerprint: "ab".repeat(32),
  version: VERSION,
  installed: false,
  files: FILES,
  manifestHash: HASH,
  refusals: [],
  warnings: ["a warning"],
  contentId: contentId(HASH, DIGESTS),
  pieces: Buffer.from(DIGESTS).toString("base64"),
};

/** What the schema finds in a text; it never throws for what is JSON. */
function read(text: string): IndexEntry | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  return entrySchema.safeParse(json).data;
}

describe("an index entry's file", () => {
  it("says what was written to it", async () => {
    expect(read(await entryToJson(ENTRY))).toEqual(ENTRY);
    expect(await parseEntry(await entryToJson(ENTRY))).toEqual(ENTRY);
  });

  it("is damaged where one bit is another: others would be told what is not on the disk", async () => {
    const text = await entryToJson(ENTRY);
    for (let at = 0; at < text.length; at++) {
      const changed = `${text.slice(0, at)}${String.fromCharCode(text.charCodeAt(at) ^ 1)}${text.slice(at + 1)}`;
      expect(read(changed), changed).toBeUndefined();
      expect(await parseEntry(changed), changed).toBeUndefined();
    }
  });

  it("is damaged where it ends early, or is no entry although its seal is whole", async () => {
    const text = await entryToJson(ENTRY);
    for (let length = 0; length < text.length; length++) {
      expect(await parseEntry(text.slice(0, length))).toBeUndefined();
    }
    expect(await parseEntry(seal({ ...JSON.parse(text), sha256: undefined, format: 2 }))).toBeUndefined();
    expect(await parseEntry(await entryToJson({ ...ENTRY, contentId: null }))).toBeUndefined();
  });

  it.each<[string, unknown]>([
    ["format", "1"],
    ["id", "../ggoo"],
    ["fingerprint", null],
    ["version", "2018.04.12"],
    ["installed", 0],
    ["files", { length: 0 }],
    ["files", [["a", 1]]],
    ["files", [["a", 1, "1", 1]]],
    ["files", [["", 1, "1"]]],
    ["files", [["a", 1.5, "1"]]],
    ["files", [["a", -1, "1"]]],
    ["files", [["a", 1, 1]]],
    ["manifest_hash", "AB".repeat(32)],
    ["refusals", ["a", 1]],
    ["warnings", "none"],
    ["content_id", 7],
    ["pieces", []],
  ])("is no entry where %s is %j, although its seal is whole", async (field, value) => {
    const { sha256, ...whole } = JSON.parse(await entryToJson(ENTRY));
    expect(await parseEntry(seal(whole))).toEqual(ENTRY);
    const { [field]: _, ...without } = whole;
    for (const file of [{ ...whole, [field]: value }, without, { ...whole, more: value }, [whole], null]) {
      const text = file === null ? "null" : seal(file);
      expect(await parseEntry(text), text).toBeUndefined();
      expect(read(text), text).toBeUndefined();
    }
  });

  it("is read and written in steps where the game is large, with the same outcome", async () => {
    const files = Array.from({ length: 20_000 }, (_, n) => ({
      path: `data/${String(n).padStart(6, "0")}.dat`,
      size: n,
      mtimeNs: String(1_700_000_000_000_000_000n + BigInt(n)),
    }));
    const large = { ...ENTRY, files, contentId: null, pieces: null };
    const text = await entryToJson(large);
    expect(await parseEntry(text)).toEqual(large);
    expect(read(text)).toEqual(large);
    expect(await parseEntry(text.replace("000007.dat", "000007.day"))).toBeUndefined();
  });
});

import { execFile } from "node:child_process";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { asGameId } from "@lanspread/proto";
import { temporaryDirectory } from "@lanspread/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openCatalog } from "../../src/catalog/index.ts";
import { PeerError } from "../../src/errors/index.ts";

const MB = 1_000_000;
/** Longest message that somebody is to read: some lines of a terminal. */
const READABLE = 2_000;

let dir: Awaited<ReturnType<typeof temporaryDirectory>>;
beforeAll(async () => {
  dir = await temporaryDirectory();
});
afterAll(() => dir[Symbol.asyncDispose]());

/** What somebody is told who starts with this file as catalog. */
async function refusal(bytes: string | Uint8Array): Promise<{ message: string; hint: string }> {
  const path = dir.join("games.json");
  await writeFile(path, bytes);
  return refusalOf(path);
}

async function refusalOf(path: string): Promise<{ message: string; hint: string }> {
  const error: unknown = await openCatalog(path).then(
    () => new Error("the catalog was meant to be refused"),
    (reason: unknown) => reason,
  );
  if (!(error instanceof PeerError)) throw error;
  expect(error.code).toBe("catalog-invalid");
  expect(error.message.startsWith(`${path}: `)).toBe(true);
  expect(error.message.length).toBeLessThan(READABLE);
  expect(error.message).not.toMatch(/\p{Cc}/u);
  return { message: error.message.slice(path.length + 2), hint: error.hint ?? "" };
}

/** A catalog with one entry, each field on a line of its own: `"id"` on line 6, what is given from line 8 on. */
const entry = (...fields: string[]): string =>
  [
    "{",
    '  "format": 1,',
    '  "name": "LAN",',
    '  "games": [',
    "    {",
    '      "id": "ggoo",',
    `      "name": "Great Game"${fields.map((field) => `,\n      ${field}`).join("")}`,
    "    }",
    "  ]",
    "}",
  ].join("\n");

const G = 'games[0] ("ggoo")';
const HEX = "ab".repeat(32);

describe("a wrong value is told with line, id, field, and what would be right", () => {
  it.each<[string, string, string]>([
    ["a version that is a number", '"version": 2018', `${G}.version: must be a text, not 2018`],
    ["a version with letters", '"version": "v1.2"', `${G}.version: "v1.2": a version is digits and dots`],
    ["an empty version", '"version": ""', `${G}.version: "": a version is digits and dots`],
    ["a version without end", `"version": "${"1".repeat(33)}"`, `${G}.version: `],
    ["a genre that is null", '"genre": null', `${G}.genre: must be a text, not null`],
    ["a description that is a list", '"description": []', `${G}.description: must be a text, not a list`],
    ["too long a description", `"description": "${"x".repeat(20_001)}"`, "has more than 20000 characters"],
    ["a number of players as text", '"max_players": "8"', `${G}.max_players: must be a number, not "8"`],
    ["half a player", '"max_players": 1.5', `${G}.max_players: must be a whole number, not 1.5`],
    ["no players", '"max_players": 0', `${G}.max_players: must be at least 1`],
    ["a year before games", '"year": 1066', `${G}.year: must be at least 1950`],
    ["a year after all", '"year": 20024', `${G}.year: must be at most 9999`],
    ["a negative size", '"size": -1', `${G}.size: must be at least 0`],
    ["a size that no number holds", '"size": 1e400', `${G}.size: must be a number, not Infinity`],
    ["a size that is not exact", '"size": 9007199254740993', `${G}.size: must be at most 9007199254740991`],
    ["a yes", '"can_host_server": "yes"', `${G}.can_host_server: must be true or false, not "yes"`],
    ["a short content_id", '"content_id": "ab"', `${G}.content_id: "ab": not a SHA-256 in lower-case hexa`],
    ["a content_id in capitals", `"content_id": "${HEX.toUpperCase()}"`, `${G}.content_id: `],
    ["no content_id", '"content_id": null', `${G}.content_id: null: not a SHA-256`],
    [
      "a thumbnail above",
      '"thumbnail": "../x.png"',
      `${G}.thumbnail: "../x.png": a thumbnail is a path beside`,
    ],
    ["a thumbnail that climbs", '"thumbnail": "a/../../x"', "a component is . or .."],
    ["a thumbnail of the disk", '"thumbnail": "/etc/passwd"', "the path is absolute"],
    ["a thumbnail of a drive", '"thumbnail": "C:/x.png"', `${G}.thumbnail: "C:/x.png": a thumbnail`],
    ["a thumbnail of Windows", '"thumbnail": "..\\\\x.png"', "the path has a backslash"],
    [
      "a thumbnail elsewhere",
      '"thumbnail": "http://x/y.png"',
      `${G}.thumbnail: "http://x/y.png": a thumbnail`,
    ],
    [
      "an unknown field",
      '"versoin": "1"',
      `${G}.versoin: there is no field "versoin"; the fields are id, name`,
    ],
    ["a field with a name of code", '"__proto__": {"x": 1}', `${G}.__proto__: there is no field "__proto__"`],
    ["a field twice", '"name": "Other"', `${G}.name: stands here again, first in line 7`],
    [
      "a field twice, written otherwise",
      '"n\\u0061me": "Other"',
      `${G}.name: stands here again, first in line 7`,
    ],
  ])("%s", async (_, field, text) => {
    const { message, hint } = await refusal(entry(field));
    expect(message.startsWith(`line 8: ${G}.`)).toBe(true);
    expect(message).toContain(text);
    expect(hint).toBe("Correct the line or entry that the message names.");
  });

  it.each<[string, string, string]>([
    [
      "an id of other letters",
      entry().replace("ggoo", "Ggoo!"),
      'line 6: games[0] ("Ggoo!").id: "Ggoo!": not a game id',
    ],
    [
      "an id that climbs",
      entry().replace("ggoo", "../x"),
      'line 6: games[0] ("../x").id: "../x": not a game id',
    ],
    ["an id that is a number", entry().replace('"ggoo"', "7"), "line 6: games[0].id: 7: not a game id"],
    [
      "an endless id",
      entry().replace("ggoo", "g".repeat(9_999)),
      `line 6: games[0] ("${"g".repeat(80)}…").id: `,
    ],
    ["no id", entry().replace('"id": "ggoo",', ""), "line 5: games[0].id: is missing"],
    ["no name", entry().replace(',\n      "name": "Great Game"', ""), `line 5: ${G}.name: is missing`],
    ["an empty name", entry().replace("Great Game", ""), `line 7: ${G}.name: must not be empty`],
    ["a name that steers a terminal", entry().replace("Great", "\\u001b[2J"), `line 7: ${G}.name: `],
    ["half a character", entry().replace("Great", "\\ud800"), `line 7: ${G}.name: `],
    [
      "an entry that is no object",
      entry().replace(/\{\n\s+"id"[^}]*\}/u, "7"),
      "line 5: games[0]: must be an object in { }, not 7",
    ],
    ["another format", entry().replace('"format": 1', '"format": 2'), "line 2: format: must be 1, not 2"],
    [
      "a format as text",
      entry().replace('"format": 1', '"format": "1"'),
      'line 2: format: must be 1, not "1"',
    ],
    ["no format", '{\n"name": "x", "games": [] }', "line 1: format: is missing"],
    [
      "no list of games",
      '{ "format": 1, "name": "x",\n"games": {} }',
      "line 2: games: must be a list, not an object",
    ],
    [
      "a field that the file has not",
      '{ "format": 1, "name": "x", "games": [],\n"author": "y" }',
      'line 2: author: there is no field "author"; the fields are format, name, games',
    ],
    [
      "games twice",
      '{ "format": 1, "name": "x",\n"games": [],\n"games": [] }',
      "line 3: games: stands here again, first in line 2",
    ],
    ["a list", "[]", "line 1: the file: must be an object in { }, not a list"],
    ["nothing but a word", "null", "line 1: the file: must be an object in { }, not null"],
  ])("%s", async (_, text, start) => {
    const { message } = await refusal(text);
    expect(message.startsWith(start), message).toBe(true);
  });

  it("an id twice, with both places", async () => {
    const games = [7, 8, 9].map((n) => `{ "id": "${n === 9 ? "g7" : `g${n}`}", "name": "x" }`).join(",\n");
    const { message } = await refusal(`{ "format": 1, "name": "x", "games": [\n${games}\n] }`);
    expect(message).toBe('line 4: games[2] ("g7"): games[0] has the same id');
  });

  it("every wrong field of an entry, and every wrong entry, up to five", async () => {
    const wrong = entry('"year": "x"', '"size": "y"').replace("  ]", '  , { "id": "b" }, 1, 2, 3 ]');
    const { message } = await refusal(wrong);
    expect(message.split("; ").map((text) => text.replace(/:.*/u, ""))).toEqual([
      ...["line 8", "line 9", "line 11", "line 11", "line 11"],
      "and 1 more",
    ]);
  });
});

describe("a file that is no catalog at all is told as what it is", () => {
  it.each<[string, string | Uint8Array, string]>([
    ["an empty file", "", "line 1, column 1: no valid JSON (expected a value, found the end of the file)"],
    ["a byte order mark and nothing else", "\uFEFF", "line 1, column 1: no valid JSON"],
    [
      "no comma",
      '{\n"format": 1\n"name": "x"}',
      'line 3, column 1: no valid JSON (expected "," or "}", found "\\"")',
    ],
    [
      "a comma too many",
      '{\n"format": 1,\n}',
      "line 3, column 1: no valid JSON (expected a field's name in double quotes",
    ],
    [
      "single quotes",
      "{ 'format': 1 }",
      "line 1, column 3: no valid JSON (expected a field's name in double quotes",
    ],
    ["a backslash by itself", '{ "name": "C:\\games" }', "line 1, column 14: no valid JSON (expected \\\\"],
    [
      "a text without end",
      '{ "name": "x\n}',
      "line 1, column 13: no valid JSON (expected the end of the text",
    ],
    [
      "deep nesting",
      entry(`"year": ${"[".repeat(50_000)}${"]".repeat(50_000)}`),
      "line 8, column 112: no valid JSON (expected no more than 100 brackets",
    ],
    [
      "deep nesting of objects",
      '{"a":'.repeat(50_000),
      "line 1, column 501: no valid JSON (expected no more than 100 brackets",
    ],
    ["a program", Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0), "line 1, column 1: no valid JSON"],
    ["a picture", Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a), "line 1: the text is not UTF-8"],
  ])("%s", async (_, bytes, start) => {
    const { message, hint } = await refusal(bytes);
    expect(message.startsWith(start), message).toBe(true);
    expect(hint).not.toBe("");
  });

  it.each<[string, Uint8Array]>([
    ["UTF-16 of Windows", Buffer.from(`\uFEFF${entry()}`, "utf16le")],
    ["UTF-16 of networks", Buffer.from(`\uFEFF${entry()}`, "utf16le").swap16()],
    ["UTF-16 without a mark", Buffer.from(entry(), "utf16le")],
    ["UTF-16 of networks without a mark", Buffer.from(entry(), "utf16le").swap16()],
  ])("%s is told to be saved as UTF-8", async (_, bytes) => {
    const { message, hint } = await refusal(bytes);
    expect(message).toBe("line 1: the text is UTF-16 or UTF-32, not UTF-8");
    expect(hint).toContain("UTF-8");
  });

  it("Latin-1 is told with the line, and to be saved as UTF-8", async () => {
    const { message, hint } = await refusal(Buffer.from(entry('"genre": "Gemüse"'), "latin1"));
    expect(message).toBe("line 8: the text is not UTF-8");
    expect(hint).toContain("UTF-8");
  });

  it("a directory, and what cannot be read to an end", async () => {
    await mkdir(dir.join("folder"));
    expect((await refusalOf(dir.join("folder"))).message).toContain("directory");
    await promisify(execFile)("mkfifo", [dir.join("pipe")]);
    expect((await refusalOf(dir.join("pipe"))).message).toContain("no regular file");
    await symlink("/dev/zero", dir.join("endless"));
    expect((await refusalOf(dir.join("endless"))).message).toContain("no regular file");
  });
});

describe("50 MB", () => {
  const games = (text: string): string => `{ "format": 1, "name": "x", "games": [${text}] }`;
  it.each<[string, () => string, string]>([
    [
      "of one text",
      () => entry(`"description": "${"x".repeat(50 * MB)}"`),
      `line 8: ${G}.description: has more than 20000`,
    ],
    [
      "of arrays in arrays",
      () => `${"[".repeat(25 * MB)}${"]".repeat(25 * MB)}`,
      "line 1, column 101: no valid JSON",
    ],
    ["of entries", () => games(`${"1,".repeat(25 * MB)}1`), "line 1: games: has more than 10000 entries"],
    [
      "of backslashes",
      () => games(`"${"\\\\".repeat(25 * MB)}"`),
      "line 1: games[0]: must be an object in { }, not",
    ],
    ["of nothing", () => " ".repeat(50 * MB), "line 1, column 50000001: no valid JSON"],
    ["of brackets", () => "[".repeat(50 * MB), "line 1, column 101: no valid JSON"],
    [
      "of lines, with a fault in the last",
      () => `${"\n".repeat(50 * MB)}x`,
      "line 50000001, column 1: no valid JSON",
    ],
    [
      "of one number",
      () => games("1".repeat(50 * MB)),
      "line 1: games[0]: must be an object in { }, not Infinity",
    ],
  ])("%s", { timeout: 60_000 }, async (_, text, start) => {
    const { message } = await refusal(text());
    expect(message.startsWith(start), message).toBe(true);
  });

  it("and more than a catalog may have is not even read", async () => {
    const { message, hint } = await refusal(Buffer.alloc(64 * 1024 * 1024 + 1, " "));
    expect(message).toContain("67108865 bytes");
    expect(hint).toContain("67108864 bytes");
  });
});

describe("what only looks hostile is a catalog", () => {
  it.each<[string, string]>([
    ["a byte order mark", `\uFEFF${entry()}`],
    ["lines of Windows", entry().replaceAll("\n", "\r\n")],
    ["every language", entry('"description": "日本 Jürgen 🎮\\n\\u0000"')],
    ["the same name in two entries, and the same value in two fields", entry('"genre": "Great Game"')],
  ])("%s", async (_, text) => {
    await writeFile(dir.join("good.json"), text);
    expect((await openCatalog(dir.join("good.json"))).has(asGameId("ggoo"))).toBe(true);
  });
});

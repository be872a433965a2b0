import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import type { z } from "zod";
import {
  ALPN,
  answerSchema,
  asPeerId,
  availabilitySchema,
  encodeAnnouncement,
  encodeFrame,
  type GameVersion,
  gameSummarySchema,
  libraryChangeSchema,
  librarySnapshotSchema,
  manifestFileSchema,
  manifestHash,
  manifestSchema,
  PATH_RULES,
  PROTOCOL_VERSION,
  RESET,
  requestSchema,
  SERVICE_TYPE,
  streamControlSchema,
  TAG,
  WIRE_ERROR_CODES,
} from "../src/index.ts";
import * as limits from "../src/limits.ts";

const page = await readFile(new URL("../../../docs/protocol.md", import.meta.url), "utf8");

/** The text below a heading, up to the next one of the same level or above. */
function section(heading: string, text = page): string {
  const lines = text.split("\n");
  const start = lines.indexOf(heading);
  if (start < 0) throw new Error(`the page has no ${heading}`);
  const level = heading.indexOf(" ");
  const rest = lines.slice(start + 1);
  const end = rest.findIndex((line) => {
    const marks = /^(#+) /u.exec(line)?.[1]?.length;
    return marks !== undefined && marks <= level;
  });
  return rest.slice(0, end < 0 ? undefined : end).join("\n");
}

/** Rows of the tables in a text: the name in the first cell (in backticks), and the cells behind it. */
function rows(text: string): [string, string[]][] {
  return text.split("\n").flatMap((line): [string, string[]][] => {
    const cells = line.split(/(?<!\\)\|/u).map((cell) => cell.trim());
    const name = /^`([^`]+)`$/u.exec(cells[1] ?? "")?.[1];
    return name === undefined ? [] : [[name, cells.slice(2, -1)]];
  });
}

const names = (text: string): string[] => rows(text).map(([name]) => name);

/** The names of the headings `### name` of a section. */
const headings = (text: string): string[] =>
  [...text.matchAll(/^### `(\w+)`$/gmu)].map(([, name = ""]) => name);

/** The fields of an object, without its type. */
function fieldsOf(schema: z.ZodObject): string[] {
  return Object.keys(schema.shape).filter((field) => field !== "type");
}

function variantsOf(union: { readonly options: readonly z.ZodObject[] }): Map<string, string[]> {
  return new Map(
    union.options.map((option) => {
      const literal = option.shape["type"] as z.ZodLiteral<string>;
      return [literal.value, fieldsOf(option)];
    }),
  );
}

const grouped = (value: number): string => value.toLocaleString("en-US");

const controls = variantsOf(streamControlSchema);
controls.delete("error");

describe.each([
  ["## Requests", variantsOf(requestSchema)],
  ["## Answers", variantsOf(answerSchema)],
  ["## Streamed installs", controls],
  [
    "## Structures",
    new Map([
      ["LibrarySnapshot", fieldsOf(librarySnapshotSchema)],
      ["LibraryChange", fieldsOf(libraryChangeSchema)],
      ["GameSummary", fieldsOf(gameSummarySchema)],
      ["Manifest", fieldsOf(manifestSchema)],
      ["ManifestFile", fieldsOf(manifestFileSchema)],
    ]),
  ],
])("%s", (heading, known) => {
  it("are these, and no others", () => {
    expect(headings(section(heading))).toEqual([...known.keys()]);
  });

  it.each([...known])("%s has the fields of its schema", (name, fields) => {
    expect(names(section(`### \`${name}\``, section(heading)))).toEqual(fields);
  });
});

it("a request says which answer it gets", () => {
  const answers = variantsOf(answerSchema);
  for (const type of variantsOf(requestSchema).keys()) {
    if (type === "stream_install") continue;
    const named =
      /Answer: `(\w+)`\./u.exec(section(`### \`${type}\``, section("## Requests")))?.[1] ?? "none";
    expect([type, answers.has(named)]).toEqual([type, true]);
  }
});

it("limits have the values of the code, every one of them", () => {
  const numbers = Object.entries(limits).flatMap(([name, value]) =>
    typeof value === "number" ? [[name, grouped(value)]] : [],
  );
  const documented = rows(section("## Limits")).map(([name, [value]]) => [name, value]);
  expect(documented.sort()).toEqual(numbers.sort());
});

it("error codes are those of the code, in their order", () => {
  expect(names(section("## Error codes"))).toEqual([...WIRE_ERROR_CODES]);
});

it("reset codes are those of the code", () => {
  const codes = Object.entries(RESET).map(([name, code]) => [
    name,
    `0x${code.toString(16).padStart(2, "0")}`,
  ]);
  expect(rows(section("## Reset codes")).map(([name, [code]]) => [name, code])).toEqual(codes);
});

it("rules for paths are those of the code", () => {
  expect(names(section("## Paths")).sort()).toEqual(Object.keys(PATH_RULES).sort());
});

it("keys of the announcement are those of the code", () => {
  const announced = encodeAnnouncement({
    peer_id: asPeerId("0f0e0d0c-0b0a-8908-8706-050403020100"),
    proto_ver: PROTOCOL_VERSION,
    library_rev: 1,
    party: "lan",
    name: "Anne",
    hostname: "pc",
  });
  expect(names(section("## Discovery"))).toEqual(Object.keys(announced));
  expect(section("## Discovery")).toContain(`\`${SERVICE_TYPE}\``);
});

it("names in the text are those of something that is", () => {
  const known = new Set<string>([
    ...variantsOf(requestSchema).keys(),
    ...variantsOf(answerSchema).keys(),
    ...controls.keys(),
    ...[
      ...variantsOf(requestSchema).values(),
      ...variantsOf(answerSchema).values(),
      ...controls.values(),
    ].flat(),
    ...[librarySnapshotSchema, libraryChangeSchema, gameSummarySchema, manifestSchema].flatMap(fieldsOf),
    ...WIRE_ERROR_CODES,
    ...availabilitySchema.options,
  ]);
  const mentioned = new Set([...page.matchAll(/`([a-z]+(?:_[a-z0-9]+)+)`/gu)].map(([, name = ""]) => name));
  expect(mentioned.size).toBeGreaterThan(20);
  expect([...mentioned].filter((name) => !known.has(name))).toEqual([]);
});

it("values are those of the code where the text names them", () => {
  expect(page).toContain(`There is one version, ${PROTOCOL_VERSION}.`);
  expect(section("## Connections")).toContain(`\`${ALPN}\``);
  const tags = section("## Streamed installs");
  expect(tags).toContain(`\`${TAG.control}\`: control frame (JSON); \`${TAG.data}\`: raw bytes`);
  expect(section("### `get_game_file_chunk`")).toContain(`1 to ${grouped(limits.MAX_CHUNK_BYTES)}`);
  const pieces = section("## Pieces");
  for (const value of [limits.MIN_PIECE_BYTES, limits.MAX_PIECES, limits.MAX_PIECE_BYTES]) {
    expect(pieces).toContain(grouped(value));
  }
  const paths = section("## Paths");
  expect(paths).toContain(`${grouped(limits.MAX_PATH_BYTES)} bytes`);
  expect(paths).toContain(`${grouped(limits.MAX_COMPONENT_BYTES)} bytes`);
  const forms = section("### Values");
  expect(forms).toContain(`1 to ${limits.MAX_NAME_LENGTH} UTF-16`);
  expect(forms).toContain(`up to ${limits.MAX_GAME_NAME_LENGTH}`);
});

it("examples are what the code makes", () => {
  const example = /^`(\{.*\})` as a frame:\n\n```hex\n(.*)\n```$/mu.exec(page);
  const bytes = encodeFrame(JSON.parse(example?.[1] ?? "null"));
  expect(example?.[2]).toBe([...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(" "));

  const [, text = "", hash] = /```text\n(\[.*\])\n([0-9a-f]{64})\n```/u.exec(section("## Digests")) ?? [];
  const [, , version, files] = JSON.parse(text) as [string, number, GameVersion, [string, number][]];
  const listed = files.map(([path, size]) => ({ path, size }));
  expect(manifestHash(version, listed)).toBe(hash);
});

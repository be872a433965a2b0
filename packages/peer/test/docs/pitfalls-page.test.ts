import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";

const PAGE = new URL("../../../../docs/pitfalls.md", import.meta.url);
const TESTS = new URL("../", import.meta.url);

interface Row {
  readonly section: string;
  readonly mistake: string;
  readonly file: string;
  readonly title: string;
}

/** The rows of all tables of the page, with the heading that they stand under. */
async function rowsOf(page: URL): Promise<Row[]> {
  let section = "";
  return (await readFile(page, "utf8")).split("\n").flatMap((line) => {
    section = /^## (.+)$/u.exec(line)?.[1] ?? section;
    const cells = line.startsWith("|") ? line.split("|").map((cell) => cell.trim()) : [];
    const [, mistake = "", file = "", title = ""] = cells;
    const path = /^`([\w./-]+\.test\.ts)`$/u.exec(file)?.[1];
    return path === undefined ? [] : [{ section, mistake, file: path, title }];
  });
}

/** The titles of the tests in a file, as they are written there. */
async function titlesIn(file: string): Promise<string[]> {
  const text = await readFile(new URL(file, TESTS), "utf8");
  return [...text.matchAll(/^\s*(?:it|test)\(\s*"((?:[^"\\]|\\.)*)"/gmu)].map(([, title = ""]) =>
    title.replaceAll('\\"', '"'),
  );
}

const rows = await rowsOf(PAGE);

describe("docs/pitfalls.md", () => {
  it.each(rows)("names a test that is there: $mistake", async ({ file, title }) => {
    expect(await titlesIn(file)).toContain(title);
  });

  it("has a row for every mistake, each once", () => {
    const counts = Object.groupBy(rows, ({ section }) => section);
    expect(Object.entries(counts).map(([section, of]) => [section, of?.length])).toEqual([
      ["Addressing and handshake", 10],
      ["Lifecycle", 2],
      ["Downloads", 16],
      ["Local state", 14],
      ["Streamed install", 8],
    ]);
    for (const part of ["mistake", "title"] as const) {
      expect(new Set(rows.map((row) => row[part])).size, part).toBe(rows.length);
    }
  });

  it.each([
    "peers/pitfalls.test.ts",
    "library/pitfalls.test.ts",
    "download/pitfalls.test.ts",
    "runtime/pitfalls-of-local-state.test.ts",
    "runtime/pitfalls-of-downloads.test.ts",
  ])("has every test of %s", async (file) => {
    const listed = rows.filter((row) => row.file === file).map(({ title }) => title);
    expect(listed.sort()).toEqual((await titlesIn(file)).sort());
  });
});

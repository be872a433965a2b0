import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";

const PAGE = new URL("../../../../docs/pitfalls.md", import.meta.url);
const COMPLAINTS = "What users complain about";
const PACKAGES = new URL("../../../", import.meta.url);
const SCENARIOS = new URL("../scenarios/matrix.md", PACKAGES);

/** Where the files of a section are, below the packages. */
const FOLDERS: Readonly<Record<string, string>> = { "The app": "desktop/test/", [COMPLAINTS]: "" };

interface Row {
  readonly section: string;
  readonly mistake: string;
  /** Below the packages. */
  readonly file: string;
  readonly title: string;
  /** Only of complaints. */
  readonly scenarios: readonly string[];
}

/** The rows of all tables of the page, with the heading that they stand under. */
async function rowsOf(page: URL): Promise<Row[]> {
  let section = "";
  return (await readFile(page, "utf8")).split("\n").flatMap((line) => {
    section = /^## (.+)$/u.exec(line)?.[1] ?? section;
    const cells = line.startsWith("|") ? line.split("|").map((cell) => cell.trim()) : [];
    const [, mistake = "", ...more] = cells;
    const scenarios = section === COMPLAINTS ? (more.shift() ?? "").split(", ") : [];
    const [file = "", title = ""] = more;
    const path = /^`([\w./-]+\.test\.ts)`$/u.exec(file)?.[1];
    if (path === undefined) return [];
    return [{ section, mistake, file: `${FOLDERS[section] ?? "peer/test/"}${path}`, title, scenarios }];
  });
}

/** The titles of the tests in a file, as they are written there. */
async function titlesIn(file: string): Promise<string[]> {
  const text = await readFile(new URL(file, PACKAGES), "utf8");
  return [...text.matchAll(/^\s*(?:it|test|\]\))\(\s*"((?:[^"\\]|\\.)*)"/gmu)].map(([, title = ""]) =>
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
      ["Addressing and handshake", 11],
      ["Lifecycle", 3],
      ["Downloads", 16],
      ["Local state", 18],
      ["Streamed install", 8],
      ["The app", 15],
      [COMPLAINTS, 20],
    ]);
    for (const part of ["mistake", "title"] as const) {
      expect(new Set(rows.map((row) => row[part])).size, part).toBe(rows.length);
    }
  });

  it("names scenarios that there are", async () => {
    const matrix = await readFile(SCENARIOS, "utf8");
    const known = new Set([...matrix.matchAll(/^\| (S\d+) \|/gmu)].map(([, id]) => id));
    const named = rows.flatMap(({ scenarios }) => scenarios);
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter((id) => !known.has(id))).toEqual([]);
  });

  it.each([
    "peer/test/peers/pitfalls.test.ts",
    "peer/test/library/pitfalls.test.ts",
    "peer/test/download/pitfalls.test.ts",
    "peer/test/runtime/pitfalls-of-local-state.test.ts",
    "peer/test/runtime/pitfalls-of-downloads.test.ts",
    "desktop/test/browser/pitfalls.test.ts",
  ])("has every test of %s", async (file) => {
    const listed = rows
      .filter((row) => row.section !== COMPLAINTS && row.file === file)
      .map(({ title }) => title);
    expect(listed.sort()).toEqual((await titlesIn(file)).sort());
  });
});

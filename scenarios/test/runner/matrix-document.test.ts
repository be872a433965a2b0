import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { SCENARIOS } from "../../src/matrix/index.ts";
import { joinMatrix, selectEntries } from "../../src/runner/compare-matrix.ts";
import { asScenarioId, parseMatrix } from "../../src/runner/matrix-document.ts";

/** Rows of the specification; the project may have more. */
const SPECIFIED_ROWS = 60;

const HEAD = "| id | set-up | proof |\n| --- | --- | --- |\n";

describe("the matrix document", () => {
  it("is read row by row, whatever stands around the table", () => {
    const text = `# Title\n\n| other | table |\n| --- | --- |\n| S9 | no |\n\n${HEAD}| S1 | start | it is \`there\` |\n| S10 | a \\| b | c |\n\ntext | S3`;
    expect(parseMatrix(text)).toEqual([
      { id: "S1", setup: "start", proof: "it is `there`" },
      { id: "S10", setup: "a | b", proof: "c" },
    ]);
  });

  it.each([
    ["no table", "# Title\n", "no table"],
    ["a table of other columns", "| id | proof |\n| --- | --- |\n| S1 | a |\n", "no table"],
    ["two of them", `${HEAD}| S1 | a | b |\n\n${HEAD}| S2 | a | b |\n`, "line 5: a second matrix"],
    ["no rule", "| id | set-up | proof |\n| S1 | a | b |\n", "line 2"],
    ["no rows", HEAD, "no rows"],
    ["a cell too few", `${HEAD}| S1 | a |\n`, "line 3"],
    ["an empty cell", `${HEAD}| S1 | a | |\n`, "line 3"],
    ["an id that is none", `${HEAD}| X1 | a | b |\n`, 'line 3: "X1"'],
    ["an id with a leading zero", `${HEAD}| S01 | a | b |\n`, 'line 3: "S01"'],
    ["the same id twice", `${HEAD}| S1 | a | b |\n| S1 | a | b |\n`, "line 4: S1 comes behind S1"],
    ["ids out of order", `${HEAD}| S10 | a | b |\n| S9 | a | b |\n`, "line 4: S9 comes behind S10"],
  ])("is refused with %s", (_, text, message) => {
    expect(() => parseMatrix(text)).toThrow(message);
  });

  it("of this repository has no row left out, and a scenario for each", async () => {
    const rows = parseMatrix(await readFile(new URL("../../matrix.md", import.meta.url), "utf8"));
    expect(rows.length).toBeGreaterThanOrEqual(SPECIFIED_ROWS);
    expect(rows.map(({ id }) => id)).toEqual(rows.map((_, index) => `S${index + 1}`));
    const unwritten = joinMatrix(rows, SCENARIOS).filter(({ scenario }) => scenario === undefined);
    expect(unwritten.map(({ row }) => row.id)).toEqual([]);
  });
});

describe("rows and scenarios", () => {
  const rows = parseMatrix(`${HEAD}| S1 | a | b |\n| S2 | c | d |\n`);
  const s1 = { id: asScenarioId("S1") };

  it("come together in the order of the rows, and a row may have none yet", () => {
    const s2 = { id: asScenarioId("S2") };
    expect(joinMatrix(rows, [s2, s1]).map(({ scenario }) => scenario)).toEqual([s1, s2]);
    expect(joinMatrix(rows, [s1])[1]).toEqual({ row: rows[1], scenario: undefined });
  });

  it("do not drift apart: a scenario without a row, or two for one, is an error", () => {
    expect(() => joinMatrix(rows, [s1, { id: asScenarioId("S3") }])).toThrow(
      "no row of the matrix speaks of S3",
    );
    expect(() => joinMatrix(rows, [s1, s1])).toThrow("S1 is written twice");
  });

  it("are chosen by id", () => {
    const entries = joinMatrix(rows, [s1]);
    expect(selectEntries(entries, [])).toEqual(entries);
    expect(selectEntries(entries, [asScenarioId("S2")])).toEqual([entries[1]]);
    expect(() => selectEntries(entries, [asScenarioId("S7")])).toThrow("S7");
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ProgressState, progressLines } from "../src/report/progress-lines.ts";
import { displayWidth } from "../src/report/width.ts";

const MIB = 1_048_576;
const game: ProgressState = {
  label: "quake3",
  phase: "downloading",
  doneBytes: 25 * MIB,
  totalBytes: 100 * MIB,
  bytesPerSecond: 50 * MIB,
  etaSeconds: 2,
};
const wide = { columns: 100, rows: 24 };
const textOf = (states: readonly ProgressState[], space = wide, waiting: readonly string[] = []): string[] =>
  progressLines(states, waiting, space).map(({ text }) => text);
const source = (name: string, mib: number) => ({ name, bytes: mib * MIB, bytesPerSecond: mib * MIB });

describe("the line of a game", () => {
  it.each([
    [
      100,
      "quake3  [#######.....................]   25 %  25.0 MiB/100.0 MiB  50.0 MiB/s  2 s left   3 sources",
    ],
    [80, "quake3  [#####...............]   25 %  25.0 MiB/100.0 MiB  50.0 MiB/s  2 s left"],
    [60, "quake3  [#####...............]   25 %  50.0 MiB/s  2 s left"],
    [44, "quake3  [###............]   25 %  50.0 MiB/s"],
    [40, "quake3  [##.........]   25 %  50.0 MiB/s"],
    [30, "quake3  [###..........]   25 %"],
    [20, "quake3  [##........]"],
    [10, "qu…  [##.…"],
  ])("in %d columns leaves out what says least", (columns, text) => {
    expect(textOf([{ ...game, sourceCount: 3 }], { columns, rows: 24 })).toEqual([text]);
  });

  it.each([
    ["nothing comes", { bytesPerSecond: 0, etaSeconds: null }, "waiting"],
    ["the time left is not known yet", { etaSeconds: null }, "50.0 MiB/s"],
    ["everything is here, and not safe yet", { doneBytes: 100 * MIB, etaSeconds: 0 }, "saving"],
    ["it is unpacked", { phase: "unpacking", bytesPerSecond: null, etaSeconds: null }, "unpacking"],
  ])("says so when %s", (_, extra, text) => {
    expect(textOf([{ ...game, ...extra }])[0]).toMatch(new RegExp(`${text}$`));
  });

  it.each([
    [
      100,
      "quake3  [#######.....................]   25 %  25.0 MiB/100.0 MiB  unpacking  50.0 MiB/s  2 s left",
    ],
    [79, "quake3  [##......]   25 %  25.0 MiB/100.0 MiB  unpacking  50.0 MiB/s  2 s left"],
    [70, "quake3  [####...............]   25 %  unpacking  50.0 MiB/s  2 s left"],
    [50, "quake3  [##........]   25 %  unpacking  50.0 MiB/s"],
    [40, "quake3  [###.........]   25 %  unpacking"],
  ])("in %d columns says what else goes on, how fast and how long still", (columns, text) => {
    expect(textOf([{ ...game, phase: "unpacking" }], { columns, rows: 24 })).toEqual([text]);
  });

  it("shows no figures where it is not known how much there is to do", () => {
    const state = {
      ...game,
      phase: "asking the others",
      totalBytes: null,
      bytesPerSecond: null,
      etaSeconds: null,
    };
    expect(textOf([state])).toEqual([`quake3  [${" ".repeat(28)}]  asking the others`]);
  });

  it("shows nothing to do as done", () => {
    expect(textOf([{ ...game, doneBytes: 0, totalBytes: 0 }])[0]).toMatch(/\[#+\] {2}100 %/);
  });

  it("has its figures in the columns of the other games' lines", () => {
    const states = [
      game,
      { ...game, label: "bf1942", doneBytes: 99.5 * MIB, etaSeconds: 3599, bytesPerSecond: 9 },
    ];
    const [first = "", second = ""] = textOf([...states, { ...game, label: "a" }]);
    for (const end of [" %", "100.0 MiB"]) expect(first.indexOf(end)).toBe(second.indexOf(end));
    expect(second).toContain(" 99 %");
  });
});

describe("the lines of the sources", () => {
  it("say who gives how much, in the order that they have", () => {
    expect(
      textOf([{ ...game, sources: [source("anna", 1), source("日本", 3), source("x", 0)] }]).slice(1),
    ).toEqual(["  anna     1.0 MiB/s   25 %", "  日本     3.0 MiB/s   75 %", "  x            0 B/s    0 %"]);
  });

  it("are as many as can be read: the others are added up", () => {
    const sources = Array.from({ length: 20 }, (_, index) => source(`s${index}`, index === 13 ? 50 : 1));
    const lines = textOf([{ ...game, sources }]).slice(1);
    expect(lines).toHaveLength(6);
    expect(lines[4]).toBe("  s13          50.0 MiB/s   72 %");
    expect(lines[5]).toBe("  15 others    15.0 MiB/s   22 %");
  });

  it("give way to the games where there are few lines", () => {
    const sources = [source("anna", 1), source("bert", 2)];
    const games = ["a", "b", "c"].map((label) => ({ ...game, label, sources }));
    const heads = (rows: number): (string | undefined)[] =>
      textOf(games, { columns: 80, rows }, ["d"]).map((line) => /^ *\S+/.exec(line)?.[0]);
    expect(heads(10)).toEqual([
      "a",
      "  anna",
      "  bert",
      "b",
      "  anna",
      "  bert",
      "c",
      "  anna",
      "  bert",
      "  next:",
    ]);
    expect(heads(9)).toEqual(["a", "  2", "b", "  2", "c", "  2", "  next:"]);
    expect(heads(6)).toEqual(["a", "b", "c", "  next:"]);
    expect(heads(2)).toEqual(["a", "b"]);
  });
});

it("no line is wider and there are no more of them than the terminal has room for, whatever there is to show", () => {
  const bytes = fc.oneof(fc.nat(), fc.maxSafeNat());
  const text = fc.string({
    unit: fc.constantFrom("a", "日", "é", "e\u0301", "🎮", "❤\uFE0F", " "),
    maxLength: 64,
  });
  const state: fc.Arbitrary<ProgressState> = fc.record({
    label: fc.stringMatching(/^[a-z0-9][a-z0-9_-]{0,62}$/),
    phase: fc.constantFrom("downloading", "unpacking", "asking the others"),
    doneBytes: bytes,
    totalBytes: fc.option(bytes),
    bytesPerSecond: fc.option(fc.double({ min: 0, max: 1e12, noNaN: true })),
    etaSeconds: fc.option(fc.double({ min: 0, max: 1e12, noNaN: true })),
    sourceCount: fc.nat(1000),
    sources: fc.array(fc.record({ name: text, bytesPerSecond: bytes, bytes }), { maxLength: 12 }),
  });
  fc.assert(
    fc.property(
      fc.array(state, { maxLength: 5 }),
      fc.array(text, { maxLength: 50 }),
      fc.integer({ min: 1, max: 250 }),
      fc.integer({ min: 1, max: 60 }),
      (states, waiting, columns, rows) => {
        const lines = progressLines(states, waiting, { columns, rows });
        expect(lines.length).toBeLessThanOrEqual(rows);
        for (const line of lines) expect(displayWidth(line.text)).toBeLessThanOrEqual(columns);
      },
    ),
  );
});

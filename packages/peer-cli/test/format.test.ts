import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  formatBytes,
  formatDone,
  formatDuration,
  formatEta,
  formatShare,
  formatVersion,
  printable,
} from "../src/report/format.ts";
import { renderTable } from "../src/report/table.ts";
import { displayWidth, truncate } from "../src/report/width.ts";

describe("formatBytes", () => {
  it.each([
    [0, "0 B"],
    [1023, "1023 B"],
    [1024, "1.0 KiB"],
    [1536, "1.5 KiB"],
    [1_048_575, "1.0 MiB"],
    [268_435_456, "256.0 MiB"],
    [5 * 1024 ** 3, "5.0 GiB"],
    [3000 * 1024 ** 4, "3000.0 TiB"],
  ])("shows %d as %s", (bytes, text) => expect(formatBytes(bytes)).toBe(text));

  it("never shows 1024 of a unit below the largest, and is right to a twentieth of its unit", () => {
    const sizes = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3, TiB: 1024 ** 4 };
    fc.assert(
      fc.property(fc.nat({ max: Number.MAX_SAFE_INTEGER }), (bytes) => {
        const match = /^([\d.]+) (B|KiB|MiB|GiB|TiB)$/.exec(formatBytes(bytes));
        const unit = sizes[(match?.[2] ?? "B") as keyof typeof sizes];
        const shown = Number(match?.[1]);
        if (unit < sizes.TiB) expect(shown).toBeLessThan(1024);
        expect(Math.abs(shown * unit - bytes)).toBeLessThanOrEqual(unit * 0.0501);
      }),
    );
  });
});

describe("formatDuration", () => {
  it.each([
    [0, "0 s"],
    [0.2, "1 s"],
    [59, "59 s"],
    [59.5, "1 min 00 s"],
    [125, "2 min 05 s"],
    [3_599.5, "1 h 00 min"],
    [3_720, "1 h 02 min"],
    [-3, "0 s"],
  ])("shows %d s as %s", (seconds, text) => expect(formatDuration(seconds)).toBe(text));

  it("shows an unknown rest as unknown", () => expect(formatEta(null)).toBe("--"));
});

describe("per cent", () => {
  it.each([
    [0, 10, "0 %"],
    [999, 1000, "99 %"],
    [1000, 1000, "100 %"],
    [1001, 1000, "100 %"],
    [0, 0, "100 %"],
  ])("%d of %d done are %s: 100 %% is all of it", (done, whole, text) =>
    expect(formatDone(done, whole)).toBe(text),
  );

  it.each([
    [999, 1000, "100 %"],
    [385, 1000, "39 %"],
    [0, 0, ""],
  ])("a part of %d of %d is %j", (part, whole, text) => expect(formatShare(part, whole)).toBe(text));
});

describe("columns", () => {
  it.each([
    ["anna", 4],
    ["日本", 4],
    ["カ", 2],
    ["e\u0301", 1],
    ["🎮", 2],
    ["❤\uFE0F", 2],
    ["𠀀", 2],
    ["", 0],
  ])("of %j are %d", (text, columns) => expect(displayWidth(text)).toBe(columns));

  it.each([
    ["anna", 4, "anna"],
    ["annabel", 4, "ann…"],
    ["日本語", 5, "日本…"],
    ["日本語", 4, "日…"],
    ["e\u0301e\u0301e\u0301", 2, "e\u0301…"],
    ["ab", 1, "…"],
    ["ab", 0, ""],
  ])("%j cut to %d is %j", (text, columns, cut) => {
    expect(truncate(text, columns)).toBe(cut);
    expect(displayWidth(cut)).toBeLessThanOrEqual(columns);
  });
});

describe("formatVersion", () => {
  it.each([
    ["20180412", "2018.04.12"],
    ["1234567", "1234567"],
    ["201804121", "201804121"],
    [null, "-"],
  ])("shows %s as %s", (version, text) => expect(formatVersion(version)).toBe(text));
});

describe("printable", () => {
  it("lets no escape sequence and no direction mark of another machine through", () => {
    expect(printable("\u001b[2Jattic\u202Ecod.exe\r\n")).toBe("?[2Jattic?cod.exe??");
  });

  it("keeps letters of every script", () => expect(printable("Jürgen 日本 🎮")).toBe("Jürgen 日本 🎮"));
});

describe("renderTable", () => {
  it("aligns columns by what a terminal shows, numbers to the right", () => {
    expect(
      renderTable(
        [{ title: "NAME" }, { title: "GAMES", align: "right" }, { title: "ID" }],
        [
          ["日本", "3", "a"],
          ["attic", "12", ""],
        ],
      ),
    ).toEqual(["NAME   GAMES  ID", "日本       3  a", "attic     12"]);
  });
});

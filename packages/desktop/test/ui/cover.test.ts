import { describe, expect, it } from "vitest";
import { coverOf, PATTERNS } from "../../ui/src/library/generated-cover.ts";

describe("a generated cover", () => {
  it("is the same for the same game, whatever it is called", () => {
    const { nameSize: _, initials: __, ...drawn } = coverOf("quake", "Quake III Arena");
    expect(coverOf("quake", "Q")).toMatchObject(drawn);
  });

  it("has every pattern as often as the others, and is seldom that of another game", () => {
    const covers = Array.from({ length: 2_000 }, (_, at) => coverOf(`game-${at}`, "Game"));
    for (const pattern of PATTERNS) {
      const share = covers.filter((cover) => cover.pattern === pattern).length / covers.length;
      expect(share).toBeGreaterThan(0.5 / PATTERNS.length);
      expect(share).toBeLessThan(2 / PATTERNS.length);
    }
    const alike = new Set(covers.map(({ pattern, hue, accentHue }) => `${pattern} ${hue} ${accentHue}`));
    expect(alike.size).toBeGreaterThan(500);
    for (const { figures, accentHue } of covers) {
      for (const figure of figures) expect(figure >= 0 && figure < 1).toBe(true);
      expect(accentHue >= 0 && accentHue < 360).toBe(true);
    }
  });

  it("has initials", () => {
    const initials = ["Quake III Arena", "ärger", "!!!"].map((name) => coverOf("x", name).initials);
    expect(initials).toEqual(["QI", "ÄR", ""]);
  });

  it.each([
    ["Doom", 16],
    ["Quake III Arena", 16],
    ["Command & Conquer: Red Alert 2", 400 / 30],
    ["Counterstrike", 118 / 13],
    ["A name that nobody at all would ever have given to any game of their own", 6.5],
    ["", 16],
  ])("writes %j in letters of %d", (name, size) => {
    expect(coverOf("id", name).nameSize).toBe(size);
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LINE_OVERHEAD_BYTES } from "../../shell/logs/constants.ts";
import { LogRing } from "../../shell/logs/log-ring.ts";

const LIMITS = { mostLines: 1_000, mostCharacters: 1_000_000 };

function line(text: string) {
  return { level: "info", time: 1, source: "", text, details: "" } as const;
}

describe("the ring of a log", () => {
  it("keeps the newest lines, by their number and by their size, and says how many are gone", () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat({ max: 40 }), { maxLength: 200 }),
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 20 }),
        (lengths, mostLines, perLine) => {
          const mostBytes = perLine * (LINE_OVERHEAD_BYTES + 20);
          const ring = new LogRing({ mostLines, mostBytes });
          for (const [index, length] of lengths.entries()) {
            ring.add(line("x".repeat(length)));
            const { lines, missed } = ring.after(0, LIMITS);
            expect(ring.last).toBe(index + 1);
            expect(lines.length).toBeLessThanOrEqual(mostLines);
            expect(lines.at(-1)?.number).toBe(index + 1);
            expect(missed + lines.length).toBe(index + 1);
            expect(lines.map(({ number }) => number)).toEqual(lines.map((_, at) => missed + at + 1));
            const bytes = lines.reduce((sum, { text }) => sum + LINE_OVERHEAD_BYTES + 2 * text.length, 0);
            if (lines.length > 1) expect(bytes).toBeLessThanOrEqual(mostBytes);
            const next = 2 * (lengths[index - lines.length] ?? 0) + LINE_OVERHEAD_BYTES;
            if (missed > 0 && lines.length < mostLines) expect(bytes + next).toBeGreaterThan(mostBytes);
          }
        },
      ),
    );
  });

  it("gives who asks again and again every line that it has once, in portions", () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.constant("ask"), fc.nat({ max: 30 })), { maxLength: 200 }),
        fc.integer({ min: 1, max: 9 }),
        (steps, mostLines) => {
          const ring = new LogRing({ mostLines: 12, mostBytes: 1e6 });
          const heard: number[] = [];
          let lost = 0;
          const ask = (): boolean => {
            const { lines, missed } = ring.after(heard.at(-1) ?? 0, { mostLines, mostCharacters: 50 });
            lost += missed;
            heard.push(...lines.map(({ number }) => number));
            return lines.length > 0;
          };
          for (const step of steps) {
            if (step === "ask") ask();
            else ring.add(line("x".repeat(Number(step))));
          }
          while (ask());
          expect(heard).toEqual([...new Set(heard)].toSorted((a, b) => a - b));
          expect(heard.length + lost).toBe(ring.last);
        },
      ),
    );
  });

  it("answers who knows more than there is with nothing", () => {
    const ring = new LogRing({ mostLines: 3, mostBytes: 1e6 });
    expect(ring.after(0, LIMITS)).toEqual({ lines: [], missed: 0 });
    ring.add(line("one"));
    expect(ring.after(1, LIMITS)).toEqual({ lines: [], missed: 0 });
    expect(ring.after(99, LIMITS)).toEqual({ lines: [], missed: 0 });
  });
});

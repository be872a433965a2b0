import { describe, expect, it } from "vitest";
import { layoutOf, simulatedPeer } from "../../../sim/download/networks.ts";
import { type SimulatedSource, simulate } from "../../../sim/download/simulator.ts";
import { STALL_MS } from "../../../src/download/plan/constants.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const MB = 1_000_000;

type Sources = readonly SimulatedSource[];

function source(number: number, rateAt: SimulatedSource["rateAt"], more: Partial<SimulatedSource> = {}) {
  return { peerId: simulatedPeer(number), rateAt, latencyMs: 5, ...more };
}

/** They send a byte a second: never silent, and never done. */
function trickling(count: number): Sources {
  return Array.from({ length: count }, (_, index) => source(100 + index, () => 1));
}

/** Sources that come and go each second without a word, each for the first time. */
const PASSERS_BY: Sources = Array.from({ length: 200 }, (_, second) =>
  source(1_000 + second, () => 0, { joinsAtMs: second * 1_000, leavesAtMs: second * 1_000 + 900 }),
);

/** How long it takes, whatever was chosen at random, milliseconds. */
function longestMs(sizes: readonly number[], sources: Sources, exclusive: boolean): number {
  const all = [0.01, 0.37, 0.8].map((random) =>
    simulate({
      layout: layoutOf(sizes),
      sources,
      exclusive,
      random: () => random,
      giveUpAfterMs: 200_000,
    }),
  );
  for (const result of all) expect(result).toMatchObject({ finished: true, lost: 0 });
  return Math.max(...all.map(({ elapsedMs }) => elapsedMs));
}

describe.each([
  ["asked of several", false],
  ["asked of one at a time", true],
])("where pieces are %s, a source that sends a byte a second does not hold up the end", (_, exclusive) => {
  it("though a fast one came when everything was asked for", () => {
    const fast = source(1, () => 50 * MB, { joinsAtMs: 50 });
    expect(longestMs([MIB], [fast, ...trickling(1)], exclusive)).toBeLessThan(STALL_MS);
  });

  it("though there are more of them than a piece is asked of, or taken from, at most", () => {
    const fast = source(1, () => 50 * MB, { joinsAtMs: 50 });
    expect(longestMs([MIB], [fast, ...trickling(4)], exclusive)).toBeLessThan(5 * STALL_MS);
  });

  it("though it has a piece that came wrong from somebody else", () => {
    const liar = source(1, () => 20 * MB, { wrong: 1 });
    const honest = source(2, () => 5 * MB);
    expect(longestMs([6 * MIB], [liar, ...trickling(4), honest], exclusive)).toBeLessThan(3 * STALL_MS);
  });

  it("though the fast one had stalled before it", () => {
    const fast = source(1, (ms) => (ms > 100 && ms < 6_100 ? 0 : 20 * MB));
    const slow = source(2, (ms) => (ms < 5_200 ? 100_000 : 1));
    expect(longestMs([3 * MIB], [fast, slow], exclusive)).toBeLessThan(4 * STALL_MS);
  });

  it("and one that is merely slow gets a piece done, whoever comes and goes meanwhile", () => {
    const slow = source(1, () => 60_000);
    expect(longestMs([MIB], [slow, ...PASSERS_BY], exclusive)).toBeLessThan(150_000);
  });
});

it("a small file is not asked again and again of a source that says nothing, since it would be here in no time", () => {
  const speaking = [100, 20, 10].map((mbPerS, index) => source(index + 1, () => mbPerS * MB));
  const sizes = [...Array.from({ length: 200 }, () => 50 * KIB), 20 * MIB];
  expect(longestMs(sizes, [...speaking, source(4, () => 0)], true)).toBeLessThan(STALL_MS);
});

import type { PeerId } from "@lanspread/proto";
import { describe, expect, it } from "vitest";
import { layoutOf, simulatedPeer } from "../../../sim/download/networks.ts";
import { type SimulatedSource, simulate } from "../../../sim/download/simulator.ts";
import { STALL_MS } from "../../../src/download/plan/constants.ts";
import { DownloadPlan } from "../../../src/download/plan/download-plan.ts";
import type { Ask } from "../../../src/download/plan/types.ts";

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

describe("nobody loses a unit", () => {
  const [A, B, C, D] = [1, 2, 3, 4].map(simulatedPeer) as [PeerId, PeerId, PeerId, PeerId];

  /** Who lost a unit and when, where sources send so many bytes each 100 ms until a time. */
  function losses(
    sizes: readonly number[],
    bytes: ReadonlyMap<PeerId, number>,
    untilMs: number,
    pausedMs = 0,
  ) {
    const layout = layoutOf(sizes);
    const plan = new DownloadPlan({ layout, isDone: () => false, first: 0, from: 0 });
    const lost: { peerId: PeerId; nowMs: number }[] = [];
    const came = new Map<Ask, number>();
    for (const [index, peerId] of [...bytes.keys()].entries()) {
      plan.joined(peerId, 0);
      if (index > 0) plan.pauseUntil(peerId, pausedMs);
    }
    for (let nowMs = 0; nowMs <= untilMs; nowMs += 100) {
      for (const { kind, ask } of plan.next(nowMs)) {
        if (kind === "ask") came.set(ask, 0);
        else lost.push({ peerId: ask.peerId, nowMs });
      }
      for (const [ask, before] of came) {
        const count = bytes.get(ask.peerId) ?? 0;
        plan.received(ask, count, nowMs + 100);
        came.set(ask, before + count);
        if (before + count < ask.unit.length) continue;
        came.delete(ask);
        plan.verified(ask, ask.unit.firstPiece);
        plan.ended(ask, nowMs + 100);
      }
    }
    return lost;
  }

  it("before it had the time in which a silent source would, nor when it has almost done", () => {
    // Three are asked for the only piece at most, and the fourth waits: for one of them.
    const bytes = new Map([
      [A, 20_000],
      [B, 5_000],
      [C, 5_000],
      [D, 5_000],
    ]);
    const lost = losses([MIB], bytes, STALL_MS + 200);
    expect(new Set(lost.map(({ peerId }) => peerId))).toEqual(new Set([B]));
    expect(Math.min(...lost.map(({ nowMs }) => nowMs))).toBeGreaterThanOrEqual(STALL_MS);
  });

  it("to one that is not faster by far", () => {
    const bytes = new Map([
      [A, 9_000],
      [B, 20_000],
    ]);
    expect(losses([MIB, MIB], bytes, STALL_MS + 1_000)).toEqual([]);
  });

  it("to one that is paused", () => {
    const bytes = new Map([
      [A, 1],
      [B, 20_000],
    ]);
    expect(losses([MIB], bytes, 2 * STALL_MS, 3 * STALL_MS)).toEqual([]);
    expect(losses([MIB], bytes, 4 * STALL_MS, 3 * STALL_MS)).not.toEqual([]);
  });
});

it("a source loses what it sends byte by byte, though it keeps the end of an answer to itself that has come before", () => {
  const [holding, waiting] = [1, 2].map(simulatedPeer) as [PeerId, PeerId];
  const layout = layoutOf([MIB, MIB]);
  const plan = new DownloadPlan({ layout, isDone: () => false, first: 0, from: 0, exclusive: true });
  for (const peerId of [holding, waiting]) plan.joined(peerId, 0);
  plan.pauseUntil(holding, 20);
  // It refuses, as one that is busy does.
  for (const { ask } of plan.next(0)) plan.ended(ask, 10);
  plan.pauseUntil(waiting, 210);
  const [whole, held] = plan.next(20).map(({ ask }) => ask);
  if (whole === undefined || held === undefined) throw new Error("too little is asked");
  plan.received(whole, MIB, 100);
  expect(plan.verified(whole, whole.unit.firstPiece)).toBe(true);
  let running: Ask[] = [whole, held];
  for (let nowMs = 200; !plan.isFinished && nowMs < 3 * STALL_MS; nowMs += 100) {
    if (running.includes(held)) plan.received(held, 1, nowMs);
    for (const { kind, ask } of plan.next(nowMs)) {
      if (kind === "ask") running.push(ask);
      else {
        running = running.filter((each) => each !== ask);
        plan.ended(ask, nowMs);
      }
    }
    for (const ask of running.filter(({ peerId }) => peerId === waiting)) {
      plan.received(ask, MIB, nowMs);
      plan.verified(ask, ask.unit.firstPiece);
      plan.ended(ask, nowMs);
    }
  }
  expect(plan.isFinished).toBe(true);
});

it("a small file is not asked again and again of a source that says nothing, since it would be here in no time", () => {
  const speaking = [100, 20, 10].map((mbPerS, index) => source(index + 1, () => mbPerS * MB));
  const sizes = [...Array.from({ length: 200 }, () => 50 * KIB), 20 * MIB];
  expect(longestMs(sizes, [...speaking, source(4, () => 0)], true)).toBeLessThan(STALL_MS);
});

describe.each([
  ["asked of several", false],
  ["asked of one at a time", true],
])("where pieces are %s, a slow one that is silent for seconds at a time has its turn", (_, exclusive) => {
  /** It comes a moment later, and all of its units fail half-way, at any speed. */
  function failing(number: number) {
    return source(number, (ms) => (ms % 1_300 < 800 ? 0 : 100 * MB), { joinsAtMs: 700, failures: 1 });
  }

  /** Sends 5 MB/s for half a second, and nothing before that. */
  function pausing(silentMs: number) {
    return source(1, (ms) => (ms % (silentMs + 500) < silentMs ? 0 : 5 * MB));
  }

  /** Sends what it is asked for first wrong, and is out. */
  const liar = source(50, () => 5 * MB, { wrong: 1 });

  it.each([
    ["of one by far faster", 60_000, [failing(2)]],
    ["of five by far faster", 120_000, [10, 11, 12, 13, 14].map(failing)],
  ])("though all units %s fail half-way", (_name, limitMs, fast) => {
    for (const silentMs of [8_000, 19_000]) {
      expect(longestMs([3 * MIB], [pausing(silentMs), ...fast], exclusive)).toBeLessThan(limitMs);
      expect(longestMs([3 * MIB], [...fast, pausing(silentMs)], exclusive)).toBeLessThan(limitMs);
    }
  });

  it.each([
    ["fails", [failing(2)]],
    ["sends a byte a second", trickling(1).map((each) => ({ ...each, joinsAtMs: 700 }))],
    ["does so, or fails", [...trickling(2), failing(2)]],
  ])("with a piece that came wrong, though whoever has not stalled %s", (_name, others) => {
    for (const sizes of [[25_000], [MIB], [3 * MIB]]) {
      expect(longestMs(sizes, [liar, ...others, pausing(7_500)], exclusive)).toBeLessThan(60_000);
    }
  });

  it.each([1, 3])("though it comes after others that have stalled as well: %d MiB", (mib) => {
    for (const silentMs of [6_000, 12_000]) {
      for (const count of [2, 6]) {
        const all = [...trickling(count), pausing(silentMs)];
        expect(longestMs([mib * MIB], all, exclusive)).toBeLessThan(150_000);
      }
    }
  });

  it("with each of many pieces, though six others send a byte a second", () => {
    for (const mib of [6, 12]) {
      for (const silentMs of [7_500, 12_000]) {
        expect(longestMs([mib * MIB], [pausing(silentMs), ...trickling(6)], exclusive)).toBeLessThan(150_000);
      }
    }
  });

  it("though somebody new comes every second, and sends a byte a second", () => {
    const crowd = Array.from({ length: 200 }, (_source, second) =>
      source(1_000 + second, () => 1, { joinsAtMs: second * 1_000, leavesAtMs: second * 1_000 + 8_000 }),
    );
    expect(longestMs([MIB], [pausing(8_000), ...crowd], exclusive)).toBeLessThan(180_000);
  });
  it("though there is always somebody new that is taken to be faster, and leaves with what it was asked for", () => {
    const crowd = Array.from({ length: 120 }, (_source, nth) =>
      source(1_000 + nth, () => 1, { joinsAtMs: nth * 1_000, leavesAtMs: nth * 1_000 + 8_000 }),
    );
    expect(longestMs([3 * MIB], [source(1, () => 100_000), ...crowd], exclusive)).toBeLessThan(120_000);
  });
});

it("a source whose units all fail half-way is asked less and less: half of what is asked of it comes for nothing", () => {
  const sources = [source(1, () => 2 * MB), source(2, () => 100 * MB, { failures: 1 })];
  const result = simulate({ layout: layoutOf([100 * MIB]), sources, random: () => 0.37 });
  expect(result).toMatchObject({ finished: true, lost: 0 });
  expect(result.receivedBytes).toBeLessThan(1.5 * 100 * MIB);
});

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { layoutOf, simulatedPeer } from "../../../sim/download/networks.ts";
import { type SimulatedSource, simulate } from "../../../sim/download/simulator.ts";
import { MAX_UNITS_AT_ONCE, MAX_UNITS_IN_FLIGHT, STALL_MS } from "../../../src/download/plan/constants.ts";
import { DownloadPlan } from "../../../src/download/plan/download-plan.ts";
import { PlannedSource } from "../../../src/download/plan/planned-source.ts";
import type { Ask } from "../../../src/download/plan/types.ts";

const MB = 1_000_000;

/** How often the end of a source's units was estimated in each call of next(): what all that is costly there does. */
let estimates: number[] = [];
const { next } = DownloadPlan.prototype;
const { finishesInMs } = PlannedSource.prototype;

beforeEach(() => {
  estimates = [];
  DownloadPlan.prototype.next = function (this: DownloadPlan, nowMs) {
    estimates.push(0);
    return next.call(this, nowMs);
  };
  PlannedSource.prototype.finishesInMs = function (this: PlannedSource, bytes, fastest) {
    const last = estimates.length - 1;
    estimates[last] = (estimates[last] ?? 0) + 1;
    return finishesInMs.call(this, bytes, fastest);
  };
});

afterEach(() => {
  DownloadPlan.prototype.next = next;
  PlannedSource.prototype.finishesInMs = finishesInMs;
});

function smallFiles(count: number) {
  return layoutOf(Array.from({ length: count }, () => 10_000));
}

/** @param slow how many of them have 20 KB/s; the others have 1 to 5 MB/s */
function party(count: number, slow: number): SimulatedSource[] {
  return Array.from({ length: count }, (_, index) => ({
    peerId: simulatedPeer(index + 1),
    rateAt: () => (index < slow ? 20_000 : (1 + (index % 5)) * MB),
    latencyMs: 5 + (index % 7),
  }));
}

describe.each([
  ["asked of several", false],
  ["asked of one at a time", true],
])("where pieces are %s, a turn costs little in the end of a download", (_, exclusive) => {
  it.each([
    ["of 30 sources", 30, 0, 5_000],
    ["of 30 sources, 26 of them slow", 30, 26, 5_000],
    ["of 200 sources", 200, 0, 20_000],
  ])("%s and thousands of small files", (_name, count, slow, files) => {
    const layout = smallFiles(files);
    const sources = party(count, slow);
    const result = simulate({ layout, sources, exclusive, random: () => 0.3 });
    expect(result).toMatchObject({ finished: true, lost: 0 });
    // For each unit that is given out, and for each that might be taken or asked of another, all sources a few times.
    expect(Math.max(...estimates)).toBeLessThan(4 * MAX_UNITS_AT_ONCE * count);
    const total = estimates.reduce((sum, each) => sum + each, 0);
    expect(total / count / result.asks).toBeLessThan(10);
  });
});

it("a turn gives out a few hundred units at most, and says that it has more", () => {
  const plan = new DownloadPlan({ layout: smallFiles(1_000), isDone: () => false, first: 0, from: 0 });
  for (let number = 1; number <= 10; number++) plan.joined(simulatedPeer(number), 0);
  const counts: number[] = [];
  do counts.push(plan.next(0).length);
  while (plan.hasMore);
  expect(counts).toEqual([256, 256, 256, 232]);
});

it("sources that stall at once lose what they have in several turns", () => {
  const plan = new DownloadPlan({ layout: smallFiles(3_000), isDone: () => false, first: 0, from: 0 });
  const good = simulatedPeer(1);
  for (let number = 1; number <= 11; number++) plan.joined(simulatedPeer(number), 0);
  const given: Ask[] = [];
  do given.push(...plan.next(0).map(({ ask }) => ask));
  while (plan.hasMore);
  const silent = given.filter(({ peerId }) => peerId !== good);
  expect(silent).toHaveLength(10 * MAX_UNITS_IN_FLIGHT);
  for (const ask of given.filter(({ peerId }) => peerId === good)) {
    plan.received(ask, ask.unit.length, STALL_MS - 1);
    plan.verified(ask, ask.unit.firstPiece);
    plan.ended(ask, STALL_MS - 1);
  }
  const lost: number[] = [];
  do lost.push(plan.next(STALL_MS).filter(({ kind }) => kind === "drop").length);
  while (plan.hasMore);
  expect(lost.reduce((sum, each) => sum + each, 0)).toBe(silent.length);
  expect(Math.max(...lost)).toBeLessThan(MAX_UNITS_AT_ONCE + MAX_UNITS_IN_FLIGHT);
});

it("a turn costs little while a thousand pieces are kept for a source that has no room", () => {
  const plan = new DownloadPlan({ layout: smallFiles(1_500), isDone: () => false, first: 0, from: 0 });
  const [busy, failing] = [simulatedPeer(1), simulatedPeer(2)];
  for (const peerId of [busy, failing]) plan.joined(peerId, 0);
  let nowMs = 0;
  let given = 1;
  // One of each round is delivered, so that the others are asked of it until everybody else is waited for.
  for (; given > 0; nowMs += 1) {
    const asks = plan.next(nowMs).filter(({ ask }) => ask.peerId === failing);
    given = asks.length;
    for (const [index, { ask }] of asks.entries()) {
      plan.received(ask, 1, nowMs);
      if (index === 0) plan.verified(ask, ask.unit.firstPiece);
      plan.ended(ask, nowMs);
    }
  }
  for (let late = 0; late < 50; late++) {
    plan.joined(simulatedPeer(100 + late), nowMs);
    plan.pauseUntil(simulatedPeer(100 + late), 60_000);
  }
  estimates = [];
  for (let turn = 0; turn < 20; turn++) expect(plan.next(nowMs + turn)).toEqual([]);
  expect(Math.max(...estimates)).toBeLessThan(300);
});

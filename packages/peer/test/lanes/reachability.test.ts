import { expect, it } from "vitest";
import { LANE_UNREACHABLE_MS, MAX_LANE_UNREACHABLE_MS } from "../../src/lanes/constants.ts";
import { Reachability } from "../../src/lanes/reachability.ts";
import { peer } from "../download/support.ts";

const SOURCE = peer(1);

it("is tried with one unit, and with as many as one likes when bytes have come", () => {
  const lanes = new Reachability();
  expect(lanes.mayAsk(SOURCE, 0)).toBe(true);
  expect(lanes.mayAsk(SOURCE, 0)).toBe(false);
  expect(lanes.mayAsk(peer(2), 0)).toBe(true);
  lanes.came(SOURCE);
  expect([lanes.mayAsk(SOURCE, 1), lanes.mayAsk(SOURCE, 1)]).toEqual([true, true]);
  lanes.ended(SOURCE);
  expect(lanes.mayAsk(SOURCE, 2)).toBe(true);
});

it("is tried again with the next unit where the first one said nothing", () => {
  const lanes = new Reachability();
  lanes.mayAsk(SOURCE, 0);
  lanes.ended(SOURCE);
  expect(lanes.mayAsk(SOURCE, 0)).toBe(true);
});

it.each<[string, (lanes: Reachability) => void]>([
  ["bytes come", (lanes) => lanes.came(SOURCE)],
  ["a lane fails", (lanes) => void lanes.failed(SOURCE, 0)],
  ["the unit says nothing", (lanes) => lanes.ended(SOURCE)],
  ["the source is another process", (lanes) => lanes.forget(SOURCE)],
])("is waited for no longer than until %s", async (_, happens) => {
  const lanes = new Reachability();
  expect(lanes.untilKnown(SOURCE)).toBeNull();
  lanes.mayAsk(SOURCE, 0);
  const known = lanes.untilKnown(SOURCE);
  expect(known).not.toBeNull();
  happens(lanes);
  await known;
  expect(lanes.untilKnown(SOURCE)).toBeNull();
});

it("is left alone for longer and longer, until bytes come or the source is another process", () => {
  const lanes = new Reachability();
  let now = 0;
  const pauses: number[] = [];
  for (let i = 0; i < 8; i++) {
    expect(lanes.mayAsk(SOURCE, now)).toBe(true);
    const pause = lanes.failed(SOURCE, now);
    lanes.ended(SOURCE);
    pauses.push(pause);
    expect(lanes.mayAsk(SOURCE, now + pause - 1)).toBe(false);
    now += pause;
  }
  expect(pauses.slice(0, 3)).toEqual([1, 2, 4].map((times) => times * LANE_UNREACHABLE_MS));
  expect(pauses.at(-1)).toBe(MAX_LANE_UNREACHABLE_MS);
  lanes.forget(SOURCE);
  expect(lanes.mayAsk(SOURCE, now)).toBe(true);
  lanes.came(SOURCE);
  expect(lanes.failed(SOURCE, now)).toBe(LANE_UNREACHABLE_MS);
  // Several units of one moment are one failure.
  expect(lanes.failed(SOURCE, now + 1)).toBe(LANE_UNREACHABLE_MS);
});

import { expect, it } from "vitest";
import { CALM_ROUNDS, STALL_MS } from "../../../src/download/plan/constants.ts";
import { Patience } from "../../../src/download/plan/patience.ts";

it("turns that were too short for everybody are made longer, and short again when nothing has stood still for long", () => {
  const patience = new Patience();
  patience.pass(0, 2);
  patience.pass(2 * STALL_MS, 2);
  expect(patience.ms).toBe(2 * STALL_MS);
  const calmMs = CALM_ROUNDS * 2 * (2 * STALL_MS);
  const goOn = (fromMs: number, untilMs: number): void => {
    for (let nowMs = fromMs; nowMs < untilMs; nowMs += 1_000) {
      patience.progressed();
      patience.pass(nowMs, 2);
    }
  };
  goOn(2 * STALL_MS, 2 * STALL_MS + calmMs);
  expect(patience.ms).toBe(2 * STALL_MS);
  goOn(2 * STALL_MS + calmMs, 20 * calmMs);
  expect(patience.ms).toBe(STALL_MS);
});

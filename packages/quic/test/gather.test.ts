import { expect, test } from "vitest";
import { GATHER_DATAGRAMS, GATHER_MAX_MS, GATHER_MIN_MS } from "../src/core/constants.ts";
import { Gather } from "../src/core/gather.ts";
import { POLL_BURST_DATAGRAMS, POLL_IDLE_TICKS, TRICKLE_BURSTS } from "../src/io/constants.ts";
import { Trickle } from "../src/io/linux/trickle.ts";

const FULL = 1_472;
const SMALL = 40;

/** Full datagrams every `gapMs` until the wait is over, then the round. Returns the time of the round. */
function waitOut(gather: Gather, startMs: number, gapMs: number, count: number): number {
  const endMs = startMs + gather.waitMs;
  for (let i = 1; i <= count && startMs + i * gapMs <= endMs; i++) gather.note(FULL, startMs + i * gapMs);
  gather.took(endMs);
  return endMs;
}

test("the first datagram after silence gets its round at once", () => {
  const gather = new Gather();
  expect(gather.isDue(0)).toBe(false);
  gather.note(FULL, 5);
  expect(gather.isDue(5)).toBe(true);
});

test("full datagrams right after a round wait, until the time or the count is reached", () => {
  const gather = new Gather();
  gather.note(FULL, 0);
  gather.took(0);
  gather.note(FULL, 0.1);
  expect(gather.isDue(0.1)).toBe(false);
  expect(gather.isDue(gather.waitMs)).toBe(true);
  for (let i = 1; i < GATHER_DATAGRAMS; i++) gather.note(FULL, 0.1);
  expect(gather.isDue(0.1)).toBe(true);
});

test("a datagram that is not full ends the wait", () => {
  const gather = new Gather();
  gather.note(FULL, 0);
  gather.took(0);
  gather.note(FULL, 0.1);
  expect(gather.note(SMALL, 0.2)).toBe(false);
  expect(gather.isDue(0.2)).toBe(true);
});

test("while datagrams keep coming the wait grows to its limit", () => {
  const gather = new Gather();
  let now = 0;
  for (let i = 0; i < 20; i++) now = waitOut(gather, now, 0.2, 1_000);
  expect(gather.waitMs).toBe(GATHER_MAX_MS);
});

test("a sender that waits for us makes the wait short again", () => {
  const gather = new Gather();
  let now = 0;
  for (let i = 0; i < 20; i++) now = waitOut(gather, now, 0.2, 1_000);
  waitOut(gather, now, 0.2, 3);
  expect(gather.waitMs).toBe(GATHER_MIN_MS);
});

test("a timer takes over from wake-ups only when datagrams trickle for long", () => {
  const trickle = new Trickle();
  const verdicts = Array.from({ length: TRICKLE_BURSTS + 1 }, (_, i) => trickle.woken(1, i));
  expect(verdicts.indexOf(true)).toBe(TRICKLE_BURSTS); // the first one follows nothing
  const calm = new Trickle();
  for (let i = 0; i < 10 * TRICKLE_BURSTS; i++) expect(calm.woken(1, i * 50)).toBe(false);
  const fast = new Trickle();
  for (let i = 0; i < 10 * TRICKLE_BURSTS; i++) expect(fast.woken(40, i)).toBe(false);
});

test("wake-ups are back when datagrams cease or come in bursts", () => {
  const trickle = new Trickle();
  for (let i = 1; i < POLL_IDLE_TICKS; i++) expect(trickle.polled(0)).toBe(false);
  expect(trickle.polled(0)).toBe(true);
  expect(trickle.polled(8)).toBe(false);
  expect(trickle.polled(POLL_BURST_DATAGRAMS)).toBe(true);
});

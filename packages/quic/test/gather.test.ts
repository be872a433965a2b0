import { expect, test } from "vitest";
import { GATHER_DATAGRAMS, GATHER_MAX_MS, GATHER_MIN_MS } from "../src/core/constants.ts";
import { Gather } from "../src/core/gather.ts";
import {
  POLL_BULK_DATAGRAMS,
  POLL_FAST_DATAGRAMS_PER_MS,
  POLL_IDLE_LOOKS,
  POLL_LOOK_DATAGRAMS,
  POLL_MAX_MS,
  POLL_MIN_MS,
  TRICKLE_BURSTS,
} from "../src/io/constants.ts";
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

/** So many datagrams of one length, and the verdict of waking up for them. */
function wakeUp(trickle: Trickle, datagrams: number, nowMs: number, bytes = FULL): boolean {
  for (let i = 0; i < datagrams; i++) trickle.note(bytes);
  return trickle.woken(datagrams, nowMs);
}

/** Looks when the timer says so at datagrams that come at some rate (per ms), and tells the verdict. */
class Looks {
  readonly trickle = new Trickle();
  #nowMs = 0;

  find(perMs: number): boolean {
    return this.findThese(Array.from({ length: Math.round(perMs * this.trickle.pollMs) }, () => FULL));
  }

  findThese(lengths: readonly number[]): boolean {
    this.#nowMs += this.trickle.pollMs;
    for (const bytes of lengths) this.trickle.note(bytes);
    return this.trickle.polled(lengths.length, this.#nowMs);
  }
}

test("a timer takes over from wake-ups only when a transfer's datagrams trickle for long", () => {
  const trickle = new Trickle();
  const verdicts = Array.from({ length: TRICKLE_BURSTS + 2 }, (_, i) => wakeUp(trickle, 1, i));
  expect(verdicts.indexOf(true)).toBe(TRICKLE_BURSTS); // the first one is the first of its length
  const windowed = new Trickle();
  const lengths = Array.from({ length: 4 * TRICKLE_BURSTS }, (_, i) => (i % 40 === 39 ? 700 : FULL));
  expect(lengths.some((bytes, i) => wakeUp(windowed, 1, i, bytes))).toBe(true);
  const calm = new Trickle();
  for (let i = 0; i < 10 * TRICKLE_BURSTS; i++) expect(wakeUp(calm, 1, i * 50)).toBe(false);
  const fast = new Trickle();
  for (let i = 0; i < 10 * TRICKLE_BURSTS; i++) expect(wakeUp(fast, 40, i)).toBe(false);
});

test("no number of small requests, of acknowledgements or of answers with an end makes a timer take over", () => {
  const trickle = new Trickle();
  for (let i = 0; i < 10 * TRICKLE_BURSTS; i++) expect(wakeUp(trickle, 1, i, SMALL)).toBe(false);
  for (let i = 0; i < 10 * TRICKLE_BURSTS; i++) {
    trickle.note(FULL);
    trickle.note(FULL);
    expect(wakeUp(trickle, 1, i, FULL - 100)).toBe(false);
  }
});

test("wake-ups are back when datagrams cease or come fast", () => {
  const looks = new Looks();
  for (let i = 1; i < POLL_IDLE_LOOKS; i++) expect(looks.find(0)).toBe(false);
  expect(looks.find(0)).toBe(true);
  for (let i = 0; i < 20; i++) expect(looks.find(POLL_FAST_DATAGRAMS_PER_MS - 1)).toBe(false);
  expect(looks.find(POLL_FAST_DATAGRAMS_PER_MS)).toBe(true);
});

test("requests that follow a transfer do not keep the timer looking", () => {
  const looks = new Looks();
  for (let i = 0; i < 20; i++) expect(looks.find(8)).toBe(false);
  const verdicts = Array.from({ length: POLL_IDLE_LOOKS }, () => looks.findThese([FULL, SMALL]));
  expect(verdicts.indexOf(true)).toBe(POLL_IDLE_LOOKS - 1);
});

test("the timer looks less often while it finds little, and often again after a wake-up", () => {
  const looks = new Looks();
  const { trickle } = looks;
  expect(trickle.pollMs).toBe(POLL_MIN_MS);
  for (let i = 0; i < 20; i++) looks.find(8);
  expect(trickle.pollMs).toBe(POLL_MAX_MS);
  looks.findThese([SMALL]); // the last one that its sender had, perhaps
  expect(trickle.pollMs).toBe(POLL_MIN_MS);
  for (let i = 0; i < 20; i++) looks.find(8);
  expect(trickle.pollMs).toBe(POLL_MAX_MS);
  wakeUp(trickle, 1, 0);
  expect(trickle.pollMs).toBe(POLL_MIN_MS);
});

test("the timer does not look later when enough is found, nor when the sender waits for an acknowledgement", () => {
  const enough = new Looks();
  for (let i = 0; i < 20; i++) enough.find(POLL_FAST_DATAGRAMS_PER_MS / 2);
  const found = (POLL_FAST_DATAGRAMS_PER_MS / 2) * enough.trickle.pollMs;
  expect(found).toBeGreaterThanOrEqual(POLL_LOOK_DATAGRAMS);
  expect(found).toBeLessThan(2 * POLL_LOOK_DATAGRAMS);

  const windowed = new Looks(); // eight per ms, but never more than a window of 32
  const waits = Array.from({ length: 60 }, () => {
    const count = Math.min(32, Math.round(8 * windowed.trickle.pollMs));
    windowed.findThese(Array.from({ length: count }, (_, i) => (i === 31 ? FULL - 300 : FULL)));
    return windowed.trickle.pollMs;
  });
  expect(Math.max(...waits.slice(10))).toBeLessThanOrEqual(6);
  expect(Math.min(...waits.slice(10))).toBeGreaterThanOrEqual(2);
});

test("an end that comes with few datagrams makes the next look come at once", () => {
  const looks = new Looks();
  for (let i = 0; i < 20; i++) looks.find(8);
  looks.findThese([...Array.from({ length: POLL_BULK_DATAGRAMS - 2 }, () => FULL), SMALL]);
  expect(looks.trickle.pollMs).toBe(POLL_MIN_MS);
});

import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { follow } from "../../src/transfer/follow.ts";

describe("following signals", () => {
  it("aborts with the first of them, for its reason", () => {
    const [one, other, own] = [new AbortController(), new AbortController(), new AbortController()];
    follow(own, [one.signal, other.signal]);
    expect(own.signal.aborted).toBe(false);
    other.abort("second");
    one.abort("first");
    expect(own.signal.reason).toBe("second");
  });

  it("aborts at once where one is aborted already", () => {
    const own = new AbortController();
    follow(own, [new AbortController().signal, AbortSignal.abort("before")]);
    expect(own.signal.reason).toBe("before");
  });

  it("ends when it is told to", () => {
    const [one, other, own] = [new AbortController(), new AbortController(), new AbortController()];
    const noMore = follow(own, [one.signal, other.signal]);
    noMore();
    one.abort("late");
    other.abort("later");
    expect(own.signal.aborted).toBe(false);
    expect([one, other].flatMap(({ signal }) => getEventListeners(signal, "abort"))).toEqual([]);
  });
});

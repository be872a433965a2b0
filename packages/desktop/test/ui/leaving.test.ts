import { describe, expect, it } from "vitest";
import type { DesktopSnapshot } from "../../protocol/snapshot.ts";
import { asksBeforeLeaving, underWay } from "../../ui/src/app/leaving.ts";

function snapshot(windows: number, operations: number, receivers: readonly string[]): DesktopSnapshot {
  return {
    windows,
    status: { operations: Array.from({ length: operations }, () => ({})) },
    outbound: receivers.map((peerId) => ({ peerId })),
  } as unknown as DesktopSnapshot;
}

describe("leaving", () => {
  it("ends what is worked on, and what others are being sent, each of them counted once", () => {
    expect(underWay(snapshot(1, 0, []))).toBeNull();
    expect(underWay(snapshot(1, 2, ["a", "a", "b"]))).toEqual({ games: 2, receivers: 2 });
  });

  it.each([
    ["nothing is under way", snapshot(1, 0, []), true, false],
    ["a game is worked on", snapshot(1, 1, []), true, true],
    ["somebody is being sent something", snapshot(1, 0, ["a"]), true, true],
    ["another window is open", snapshot(2, 1, []), true, false],
    ["the app is gone already", snapshot(1, 1, []), false, false],
    ["nothing is known yet", null, true, false],
  ])("asks or not where %s", (_, state, isConnected, asks) => {
    expect(asksBeforeLeaving(state, isConnected)).toBe(asks);
  });
});

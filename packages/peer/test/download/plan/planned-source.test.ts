import { asPieceIndex } from "@lanspread/proto";
import { expect, it } from "vitest";
import { simulatedPeer } from "../../../sim/download/networks.ts";
import { MAX_PROBATION_PAUSE_MS, PROBATION_PAUSE_MS } from "../../../src/download/plan/constants.ts";
import { PlannedSource, type RunningAsk } from "../../../src/download/plan/planned-source.ts";

const MIB = 1024 * 1024;
const A = simulatedPeer(1);

function askOf(id: number): RunningAsk {
  const unit = {
    ...{ fileIndex: 0, path: "game.eti", firstPiece: asPieceIndex(0), pieceCount: 2 },
    ...{ offset: 0, length: 2 * MIB },
  };
  return { id, peerId: A, unit, askedMs: 0, receivedBytes: 0 };
}

it("what still comes of an ask that was dropped makes no room for more than is allowed", () => {
  const source = new PlannedSource(A, 0);
  const [dropped, kept] = [askOf(1), askOf(2)];
  source.asked(dropped, 0);
  source.asked(kept, 0);
  source.received(dropped, MIB, 1);
  source.over(dropped);
  expect(source.bytesInFlight).toBe(2 * MIB);
  source.received(dropped, MIB, 2);
  expect(source.bytesInFlight).toBe(2 * MIB);
  source.over(kept);
  expect(source.bytesInFlight).toBe(0);
});

it("a source that stalls again and again waits longer each time, and is tried again after half a minute at most", () => {
  const source = new PlannedSource(A, 0);
  const pauses: number[] = [];
  for (let round = 0; round < 8; round++) {
    const nowMs = round * 1_000_000;
    source.punish(nowMs);
    let pauseMs = 0;
    while (source.isPaused(nowMs + pauseMs)) pauseMs += 1_000;
    pauses.push(pauseMs);
  }
  expect(PROBATION_PAUSE_MS).toBe(3_000);
  expect(MAX_PROBATION_PAUSE_MS).toBe(30_000);
  expect(pauses).toEqual([3_000, 6_000, 12_000, 24_000, 30_000, 30_000, 30_000, 30_000]);
});

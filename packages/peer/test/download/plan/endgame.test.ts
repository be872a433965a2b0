import type { PeerId } from "@lanspread/proto";
import { expect, it } from "vitest";
import { layoutOf, simulatedPeer } from "../../../sim/download/networks.ts";
import { PROBATION_PAUSE_MS, STALL_MS } from "../../../src/download/plan/constants.ts";
import { DownloadPlan } from "../../../src/download/plan/download-plan.ts";
import type { Ask } from "../../../src/download/plan/types.ts";

const MIB = 1024 * 1024;
const [TROUBLED, FAST, SLOW] = [1, 2, 3].map(simulatedPeer) as [PeerId, PeerId, PeerId];

/** A plan of pieces of 1 MiB, each a file of its own, and how it is gone on with. */
function planOf(pieces: number) {
  const layout = layoutOf(Array.from({ length: pieces }, () => MIB));
  const plan = new DownloadPlan({ layout, isDone: () => false, first: 0, from: 0 });
  return {
    plan,
    /** What is asked at a time, by the piece. */
    asked: (peerId: PeerId, nowMs: number): ReadonlyMap<number, Ask> =>
      new Map(
        plan
          .next(nowMs)
          .filter(({ kind, ask }) => kind === "ask" && ask.peerId === peerId)
          .map(({ ask }) => [ask.unit.firstPiece, ask]),
      ),
    deliver: (ask: Ask | undefined, nowMs: number): void => {
      if (ask === undefined) throw new Error("it was not asked");
      plan.received(ask, ask.unit.length, nowMs);
      plan.verified(ask, ask.unit.firstPiece);
      plan.ended(ask, nowMs);
    },
    /** So many bytes each 100 ms. */
    trickle: (ask: Ask | undefined, fromMs: number, untilMs: number, bytes: number): void => {
      if (ask === undefined) throw new Error("it was not asked");
      for (let nowMs = fromMs + 100; nowMs < untilMs; nowMs += 100) plan.received(ask, bytes, nowMs);
    },
  };
}

it("a fast one helps a slow one, though somebody on probation is taken to be as fast", () => {
  const { plan, asked, deliver, trickle } = planOf(2);
  plan.joined(TROUBLED, 0);
  expect([...asked(TROUBLED, 0).keys()]).toEqual([0, 1]);
  // They come when it has stalled.
  for (const peerId of [FAST, SLOW]) plan.joined(peerId, STALL_MS);
  const first = plan.next(STALL_MS).filter(({ kind }) => kind === "ask");
  const [fast, slow] = [FAST, SLOW].map((peerId) => first.find(({ ask }) => ask.peerId === peerId)?.ask);
  deliver(fast, STALL_MS + 100);
  plan.pauseUntil(FAST, STALL_MS + PROBATION_PAUSE_MS);
  trickle(slow, STALL_MS, STALL_MS + PROBATION_PAUSE_MS, 1_000);
  expect([...asked(FAST, STALL_MS + PROBATION_PAUSE_MS).keys()]).toEqual([slow?.unit.firstPiece]);
});

it("a fast one helps a slow one, though a faster one has failed with what that has", () => {
  const { plan, asked, deliver, trickle } = planOf(3);
  for (const peerId of [TROUBLED, SLOW, FAST]) plan.joined(peerId, 0);
  plan.pauseUntil(SLOW, 50);
  plan.pauseUntil(FAST, 1_000);
  const [failed, ...whole] = asked(TROUBLED, 0).values();
  if (failed === undefined) throw new Error("nobody was asked");
  plan.received(failed, 1_000, 10);
  plan.ended(failed, 10);
  const slow = asked(SLOW, 50).get(failed.unit.firstPiece);
  for (const ask of whole) deliver(ask, 100);
  trickle(slow, 50, 1_000, 1_000);
  expect([...asked(FAST, 1_000).keys()]).toEqual([failed.unit.firstPiece]);
});

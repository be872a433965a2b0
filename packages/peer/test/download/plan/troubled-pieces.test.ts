import type { PeerId, PieceLayout } from "@lanspread/proto";
import { describe, expect, it } from "vitest";
import { layoutOf, simulatedPeer } from "../../../sim/download/networks.ts";
import {
  MAX_TROUBLED,
  WAIT_FOR_INNOCENT_MS,
  WAIT_FOR_ROOM_MS,
} from "../../../src/download/plan/constants.ts";
import { DownloadPlan } from "../../../src/download/plan/download-plan.ts";
import { PieceBoard } from "../../../src/download/plan/piece-board.ts";
import { PlannedSource } from "../../../src/download/plan/planned-source.ts";
import { TroubledPieces } from "../../../src/download/plan/troubled-pieces.ts";
import type { Ask, PlanAction } from "../../../src/download/plan/types.ts";

const MIB = 1024 * 1024;
const STEP_MS = 5;
const SLOW = simulatedPeer(1);
const TROUBLEMAKER = simulatedPeer(2);
const LATE = simulatedPeer(3);

function planOf(layout: PieceLayout, exclusive: boolean): DownloadPlan {
  return new DownloadPlan({ layout, isDone: () => false, first: 0, from: 0, exclusive });
}

function asksOf(actions: readonly PlanAction[], peerId: PeerId): Ask[] {
  return actions.filter(({ kind, ask }) => kind === "ask" && ask.peerId === peerId).map(({ ask }) => ask);
}

interface Served {
  readonly ask: Ask;
  readonly fromMs: number;
  bytes: number;
}

/**
 * A slow honest source, a troublemaker that leaves after a time, and a fast honest one that joins then.
 *
 * @param mib size of the game
 * @param trouble what becomes of the troublemaker's units of one moment
 * @returns MiB that each has sent
 */
function withLateJoiner(
  mib: number,
  leavesAtMs: number,
  trouble: (plan: DownloadPlan, asks: readonly Ask[], nowMs: number) => void,
) {
  const plan = planOf(layoutOf([mib * MIB]), true);
  const perMs = new Map([
    [SLOW, 8_000],
    [LATE, 60_000],
  ]);
  const mibOf = new Map([...perMs.keys()].map((peerId) => [peerId, 0]));
  let running: Served[] = [];
  const end = (which: readonly Served[], nowMs: number): void => {
    running = running.filter((each) => !which.includes(each));
    for (const { ask } of which) plan.ended(ask, nowMs);
  };
  plan.joined(SLOW, 0);
  plan.joined(TROUBLEMAKER, 0);
  let nowMs = 0;
  for (; !plan.isFinished && nowMs < 300_000; nowMs += STEP_MS) {
    if (nowMs === leavesAtMs) {
      plan.left(TROUBLEMAKER);
      end(
        running.filter(({ ask }) => ask.peerId === TROUBLEMAKER),
        nowMs,
      );
      plan.joined(LATE, nowMs);
    }
    for (const { kind, ask } of plan.next(nowMs)) {
      if (kind === "ask") running.push({ ask, fromMs: nowMs + STEP_MS, bytes: 0 });
      else
        end(
          running.filter((each) => each.ask === ask),
          nowMs,
        );
    }
    const troubled = running.filter(({ ask, fromMs }) => ask.peerId === TROUBLEMAKER && fromMs <= nowMs);
    trouble(
      plan,
      troubled.map(({ ask }) => ask),
      nowMs,
    );
    end(troubled, nowMs);
    for (const [peerId, rate] of perMs) {
      let left = rate * STEP_MS;
      for (const served of running.filter(({ ask }) => ask.peerId === peerId)) {
        const { ask, bytes } = served;
        const came = Math.min(left, ask.unit.length - bytes);
        left -= came;
        served.bytes += came;
        plan.received(ask, came, nowMs);
        for (let piece = Math.floor(bytes / MIB); piece < Math.floor(served.bytes / MIB); piece++) {
          if (plan.verified(ask, ask.unit.firstPiece + piece))
            mibOf.set(peerId, (mibOf.get(peerId) ?? 0) + 1);
        }
        if (served.bytes === ask.unit.length) end([served], nowMs);
      }
    }
  }
  expect(plan.isFinished).toBe(true);
  return { slow: mibOf.get(SLOW) ?? 0, late: mibOf.get(LATE) ?? 0, elapsedMs: nowMs };
}

describe("whoever joins late has its share of pieces that somebody made trouble with, each asked of one at a time", () => {
  it("whose units all failed after a byte but for one of each round", () => {
    const { slow, late } = withLateJoiner(400, 15_000, (plan, [delivered, ...failed], nowMs) => {
      if (delivered !== undefined) {
        plan.received(delivered, delivered.unit.length, nowMs);
        for (let piece = 0; piece < delivered.unit.pieceCount; piece++) {
          plan.verified(delivered, delivered.unit.firstPiece + piece);
        }
      }
      for (const ask of failed) plan.received(ask, 1, nowMs);
      if (failed.length > 0) plan.pauseUntil(TROUBLEMAKER, nowMs + 200);
    });
    // It is seven times as fast, and the slow one had 15 seconds alone.
    expect(late).toBeGreaterThan(5 * (slow - (15 * 8_000_000) / MIB));
  });

  it("who said that it was busy", () => {
    const { slow, late, elapsedMs } = withLateJoiner(200, 8_000, (plan, asks, nowMs) => {
      if (asks.length > 0) plan.pauseUntil(TROUBLEMAKER, nowMs + 20);
    });
    expect(late).toBeGreaterThan(slow);
    expect(elapsedMs).toBeLessThan(12_000);
  });
});

it("a troubled piece that is taken from a slow source goes to the one that it is taken for", () => {
  const plan = planOf(layoutOf([MIB]), true);
  plan.joined(SLOW, 0);
  plan.joined(TROUBLEMAKER, 0);
  plan.pauseUntil(SLOW, 10);
  const [failed] = asksOf(plan.next(0), TROUBLEMAKER);
  if (failed === undefined) throw new Error("nobody was asked");
  plan.received(failed, 1, 5);
  plan.ended(failed, 5);
  plan.pauseUntil(TROUBLEMAKER, 60_000);
  const [slow] = asksOf(plan.next(10), SLOW);
  if (slow === undefined) throw new Error("the slow one was not asked");
  let nowMs = 10;
  for (; nowMs < 2_000; nowMs += 10) {
    plan.received(slow, 10, nowMs);
    expect(plan.next(nowMs)).toEqual([]);
  }
  plan.joined(LATE, nowMs);
  expect(plan.next(nowMs)).toEqual([{ kind: "drop", ask: slow, why: "taken" }]);
  plan.ended(slow, nowMs + 10);
  expect(plan.next(nowMs + 10).map(({ ask }) => ask.peerId)).toEqual([LATE]);
});

it("what a source was at that leaves goes to whoever was there, before somebody new that is taken to be faster", () => {
  const plan = planOf(layoutOf([MIB, MIB, MIB]), true);
  plan.joined(SLOW, 0);
  const [first] = asksOf(plan.next(0), SLOW);
  if (first === undefined) throw new Error("nobody was asked");
  for (let nowMs = 100; nowMs <= 10_000; nowMs += 100) plan.received(first, MIB / 100, nowMs);
  plan.verified(first, 0);
  plan.ended(first, 10_000);
  plan.joined(TROUBLEMAKER, 10_000);
  const taken = plan.next(10_000);
  expect(taken.map(({ kind }) => kind)).toEqual(["drop", "drop"]);
  for (const { ask } of taken) plan.ended(ask, 10_000);
  const held = asksOf(plan.next(10_000), TROUBLEMAKER);
  expect(held).toHaveLength(2);
  plan.left(TROUBLEMAKER);
  for (const ask of held) plan.ended(ask, 10_500);
  plan.joined(LATE, 10_500);
  const again = plan.next(10_500);
  expect(asksOf(again, SLOW).map(({ unit }) => unit.firstPiece)).toEqual([held[0]?.unit.firstPiece]);
  expect(asksOf(again, LATE).map(({ unit }) => unit.firstPiece)).toEqual([held[1]?.unit.firstPiece]);
});

it("a piece that came wrong is asked again of who sent it, when all others have said for a while that they are busy", () => {
  const plan = planOf(layoutOf([MIB]), false);
  plan.joined(SLOW, 0);
  plan.joined(LATE, 0);
  plan.pauseUntil(LATE, 10);
  const [wrong] = asksOf(plan.next(0), SLOW);
  if (wrong === undefined) throw new Error("nobody was asked");
  plan.received(wrong, MIB, 5);
  plan.wrong(wrong, 0);
  plan.ended(wrong, 5);
  let again: number | undefined;
  for (let nowMs = 10; again === undefined && nowMs < 10 * WAIT_FOR_INNOCENT_MS; nowMs += 250) {
    const actions = plan.next(nowMs);
    if (asksOf(actions, SLOW).length > 0) again = nowMs;
    for (const ask of asksOf(actions, LATE)) {
      plan.pauseUntil(LATE, nowMs + 5_000);
      plan.ended(ask, nowMs);
    }
  }
  expect(again).toBeGreaterThanOrEqual(WAIT_FOR_INNOCENT_MS);
  expect(again).toBeLessThan(2 * WAIT_FOR_INNOCENT_MS);
});

it("a piece is kept for a source that has no room for a while, and not from one that joins", () => {
  const layout = layoutOf([8 * MIB]);
  const board = new PieceBoard(layout, () => false, 0, 0);
  const troubled = new TroubledPieces();
  const [slow, failed, late] = [SLOW, TROUBLEMAKER, LATE].map((peerId) => new PlannedSource(peerId, 0)) as [
    PlannedSource,
    PlannedSource,
    PlannedSource,
  ];
  for (const id of [1, 2]) {
    const unit = board.nextRun(4 * MIB);
    if (unit !== null) slow.asked({ id, peerId: SLOW, unit, askedMs: 0, receivedBytes: 0 }, 0);
  }
  expect(slow.hasRoom).toBe(false);
  troubled.joined(SLOW);
  troubled.joined(TROUBLEMAKER);
  troubled.noteTurn(TROUBLEMAKER, 7);
  troubled.joined(LATE);
  const whoseTurn = (
    nowMs: number,
    roomy: readonly PlannedSource[],
    fresh: readonly PlannedSource[] = [],
  ) => {
    const usable = [slow, ...roomy];
    return troubled.whoseTurn(board.single(7), { all: usable, usable, roomy, fresh, fastest: 1, nowMs })
      ?.peerId;
  };
  expect(whoseTurn(0, [failed], [failed])).toBeUndefined();
  expect(whoseTurn(1_000, [failed, late], [late])).toBe(LATE);
  expect(whoseTurn(WAIT_FOR_ROOM_MS - 1, [failed], [failed])).toBeUndefined();
  expect(whoseTurn(WAIT_FOR_ROOM_MS, [failed])).toBe(TROUBLEMAKER);
  troubled.noteTurn(TROUBLEMAKER, 7);
  expect(whoseTurn(WAIT_FOR_ROOM_MS, [failed])).toBeUndefined();
});

describe("what is known of troubled pieces", () => {
  it("is of some of very many, but of all that came wrong", () => {
    const troubled = new TroubledPieces();
    troubled.joined(SLOW);
    for (let piece = 0; piece < 10 * MAX_TROUBLED; piece++) troubled.noteTurn(SLOW, piece);
    troubled.noteWrong(SLOW, 10 * MAX_TROUBLED);
    expect([...troubled.pieces()]).toHaveLength(MAX_TROUBLED + 1);
    expect(troubled.isSentBy(SLOW, 10 * MAX_TROUBLED)).toBe(true);
    troubled.forget(0);
    troubled.forget(1);
    troubled.noteTurn(SLOW, 10 * MAX_TROUBLED - 1);
    expect(troubled.has(10 * MAX_TROUBLED - 1)).toBe(true);
  });

  it("is nothing of a source that has left, nor of what it still sends", () => {
    const troubled = new TroubledPieces();
    troubled.joined(SLOW);
    troubled.noteWrong(SLOW, 0);
    expect([troubled.wasTried(SLOW, 0), troubled.cameWrong(0)]).toEqual([true, true]);
    troubled.left(SLOW);
    expect([troubled.wasTried(SLOW, 0), troubled.cameWrong(0)]).toEqual([false, false]);
    troubled.noteWrong(SLOW, 1);
    expect(troubled.has(1)).toBe(false);
  });
});

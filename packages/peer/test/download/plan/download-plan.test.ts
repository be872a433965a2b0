import type { PieceLayout } from "@lanspread/proto";
import { describe, expect, it } from "vitest";
import { layoutOf, simulatedPeer } from "../../../sim/download/networks.ts";
import { simulate } from "../../../sim/download/simulator.ts";
import {
  FIRST_UNIT_BYTES,
  MAX_TAKEN,
  MAX_UNIT_BYTES,
  MAX_UNITS_IN_FLIGHT,
  PROBATION_PAUSE_MS,
  STALL_MS,
} from "../../../src/download/plan/constants.ts";
import { DownloadPlan } from "../../../src/download/plan/download-plan.ts";
import type { Ask, PlanAction } from "../../../src/download/plan/types.ts";

const MIB = 1024 * 1024;
const A = simulatedPeer(1);
const B = simulatedPeer(2);
const C = simulatedPeer(3);

function planOf(layout: PieceLayout, from = 0): DownloadPlan {
  return new DownloadPlan({ layout, isDone: () => false, first: from, from });
}

function asks(actions: readonly PlanAction[], peerId = A): Ask[] {
  return actions.filter(({ kind, ask }) => kind === "ask" && ask.peerId === peerId).map(({ ask }) => ask);
}

function drops(actions: readonly PlanAction[]): { id: number; why: string }[] {
  return actions.flatMap((action) =>
    action.kind === "drop" ? [{ id: action.ask.id, why: action.why }] : [],
  );
}

function piecesOf(all: readonly Ask[]): number[] {
  return all.flatMap(({ unit }) =>
    Array.from({ length: unit.pieceCount }, (_, index) => unit.firstPiece + index),
  );
}

/** An ask comes whole. */
function deliver(plan: DownloadPlan, ask: Ask, nowMs: number): void {
  plan.received(ask, ask.unit.length, nowMs);
  for (const piece of piecesOf([ask])) plan.verified(ask, piece);
  plan.ended(ask, nowMs);
}

/** Two sources whose rates have been measured for seconds: each delivers what it is asked for at its bytes per ms. */
function measured(rates: ReadonlyMap<typeof A, number>, layout: PieceLayout, untilMs: number) {
  const plan = planOf(layout);
  const running = new Map<typeof A, Ask[]>();
  const owed = new Map<typeof A, number>();
  for (const peerId of rates.keys()) plan.joined(peerId, 0);
  for (let nowMs = 0; nowMs < untilMs; nowMs += 10) {
    for (const { kind, ask } of plan.next(nowMs)) {
      const queue = running.get(ask.peerId) ?? [];
      if (kind === "ask") running.set(ask.peerId, [...queue, ask]);
      else
        running.set(
          ask.peerId,
          queue.filter(({ id }) => id !== ask.id),
        );
    }
    for (const [peerId, perMs] of rates) {
      let bytes = perMs * 10;
      for (let [head] = running.get(peerId) ?? []; head !== undefined && bytes > 0; ) {
        const left = owed.get(peerId) ?? head.unit.length;
        const came = Math.min(bytes, left);
        bytes -= came;
        plan.received(head, came, nowMs + 10);
        owed.set(peerId, left - came);
        if (left > came) break;
        owed.delete(peerId);
        for (const piece of piecesOf([head])) plan.verified(head, piece);
        plan.ended(head, nowMs + 10);
        const rest = (running.get(peerId) ?? []).slice(1);
        running.set(peerId, rest);
        [head] = rest;
      }
    }
  }
  return { plan, running };
}

describe("what a source is asked for", () => {
  it("is two units of 2 MiB before anything is known of it", () => {
    const plan = planOf(layoutOf([100 * MIB]));
    plan.joined(A, 0);
    const given = asks(plan.next(0));
    expect(given.map(({ unit }) => unit.length)).toEqual([FIRST_UNIT_BYTES, FIRST_UNIT_BYTES]);
    expect(plan.next(1)).toEqual([]);
  });

  it("is many units where files are small, but never more than the streams of a connection allow", () => {
    const plan = planOf(layoutOf(Array.from({ length: 500 }, () => 1024)));
    plan.joined(A, 0);
    expect(asks(plan.next(0))).toHaveLength(MAX_UNITS_IN_FLIGHT);
  });

  it("grows with its rate up to 8 MiB a unit and 300 ms in flight", () => {
    const { running } = measured(new Map([[A, 200_000]]), layoutOf([4096 * MIB]), 3_000);
    const queue = running.get(A) ?? [];
    expect(queue.at(-1)?.unit.length).toBe(MAX_UNIT_BYTES);
    const inFlight = queue.reduce((sum, { unit }) => sum + unit.length, 0);
    expect(inFlight).toBeGreaterThan(200_000 * 250); // a part of the first one has come
    expect(inFlight).toBeLessThan(200_000 * 300 + 2 * MAX_UNIT_BYTES);
  });

  it("is each piece once, from the given place on and around", () => {
    const layout = layoutOf([10 * MIB]);
    const plan = planOf(layout, 7);
    plan.joined(A, 0);
    const order: number[] = [];
    for (let nowMs = 0; !plan.isFinished; nowMs += 10) {
      for (const { ask } of plan.next(nowMs)) {
        order.push(...piecesOf([ask]));
        deliver(plan, ask, nowMs + 5);
      }
    }
    expect(order).toEqual([7, 8, 9, 0, 1, 2, 3, 4, 5, 6]);
  });

  it.each([
    ["first", [A, B]],
    ["last", [B, A]],
  ])("comes to the one that will have it soonest, though it came %s", (_, order) => {
    const plan = planOf(layoutOf([4096 * MIB]));
    for (const peerId of order) plan.joined(peerId, 0);
    const first = plan.next(0);
    for (const ask of asks(first, A)) deliver(plan, ask, 100);
    for (const ask of asks(first, B)) deliver(plan, ask, 2_000);
    expect(plan.next(2_000)[0]?.ask.peerId).toBe(A);
  });

  it("is nothing while it is paused", () => {
    const plan = planOf(layoutOf([10 * MIB]));
    plan.joined(A, 0);
    plan.pauseUntil(A, 200);
    expect(plan.next(199)).toEqual([]);
    expect(asks(plan.next(200))).not.toHaveLength(0);
  });
});

describe("a source that leaves, fails or stalls", () => {
  it("leaves its units to the others", () => {
    const plan = planOf(layoutOf([4 * MIB]));
    plan.joined(A, 0);
    plan.joined(B, 0);
    const taken = piecesOf(asks(plan.next(0)));
    plan.left(A);
    expect(plan.reopened).toBe(taken.length);
    expect(plan.next(1).map(({ kind }) => kind)).not.toContain("drop");
    const [first] = asks(plan.next(1), B);
    expect(first).toBeUndefined(); // B has two units
    expect(plan.isFinished).toBe(false);
  });

  it("loses them after 5 s of silence, and is tried again with one piece after a pause", () => {
    const plan = planOf(layoutOf([4096 * MIB]));
    plan.joined(A, 0);
    plan.joined(B, 0);
    const first = plan.next(0);
    const silent = asks(first);
    let running = asks(first, B);
    expect(STALL_MS).toBe(5_000);
    for (let nowMs = 100; nowMs < STALL_MS; nowMs += 100) {
      const [head, ...rest] = running;
      if (head !== undefined) deliver(plan, head, nowMs);
      const actions = plan.next(nowMs);
      const more = asks(actions, B);
      expect(actions).toHaveLength(more.length);
      running = [...rest, ...more];
    }
    const then = plan.next(STALL_MS);
    expect(drops(then)).toEqual(silent.map(({ id }) => ({ id, why: "stalled" })));
    expect(asks(plan.next(STALL_MS + PROBATION_PAUSE_MS - 1))).toEqual([]);
    const again = asks(plan.next(STALL_MS + PROBATION_PAUSE_MS));
    expect(piecesOf(again)).toHaveLength(1);
    const [probe] = again;
    if (probe === undefined) throw new Error("nobody was asked");
    deliver(plan, probe, STALL_MS + PROBATION_PAUSE_MS + 10);
    expect(asks(plan.next(STALL_MS + PROBATION_PAUSE_MS + 10)).length).toBeGreaterThan(1);
  });

  it("keeps them where nobody else is there, however long it is silent", () => {
    const plan = planOf(layoutOf([64 * MIB]));
    plan.joined(A, 0);
    plan.next(0);
    expect(plan.next(10 * STALL_MS)).toEqual([]);
  });

  it("loses them when it is slower than a tenth of the median", () => {
    const rates = new Map([
      [A, 200],
      [B, 20_000],
      [C, 20_000],
    ]);
    const { plan, running } = measured(rates, layoutOf([4096 * MIB]), 3_000);
    expect(running.get(A)).toEqual([]);
    expect(plan.reopened).toBeGreaterThan(0);
    const similar = measured(new Map([...rates, [A, 3_000]]), layoutOf([4096 * MIB]), 3_000);
    expect(similar.running.get(A)).not.toEqual([]);
    expect(similar.plan.reopened).toBe(0);
  });
});

describe("a piece that came wrong", () => {
  const layout = layoutOf([20 * MIB]);

  /** An ask comes whole, but for one piece. */
  function deliverBut(plan: DownloadPlan, ask: Ask, wrong: number, nowMs: number): void {
    plan.received(ask, ask.unit.length, nowMs);
    for (const piece of piecesOf([ask])) {
      if (piece === wrong) plan.wrong(ask, piece);
      else plan.verified(ask, piece);
    }
    plan.ended(ask, nowMs);
  }

  it("is asked of somebody who has not sent it, even if that one has to be waited for", () => {
    const plan = planOf(layout);
    plan.joined(A, 0);
    plan.joined(B, 0);
    plan.pauseUntil(B, 1000);
    const [first] = asks(plan.next(0));
    if (first === undefined) throw new Error("nothing is asked");
    const wrong = first.unit.firstPiece as number;
    deliverBut(plan, first, wrong, 10);
    expect(plan.hasInnocent(wrong)).toBe(true);
    for (let nowMs = 20; nowMs < 1000; nowMs += 20) {
      for (const ask of asks(plan.next(nowMs))) {
        expect(piecesOf([ask])).not.toContain(wrong);
        deliver(plan, ask, nowMs + 10);
      }
    }
    expect(piecesOf(asks(plan.next(1000), B))).toContain(wrong);
  });

  it("is asked of the only source that is left, and of whoever joins before that one", () => {
    const plan = planOf(layout);
    plan.joined(A, 0);
    const [first, second] = asks(plan.next(0));
    if (first === undefined || second === undefined) throw new Error("too little is asked");
    const wrong = first.unit.firstPiece as number;
    deliverBut(plan, first, wrong, 10);
    expect(plan.hasInnocent(wrong)).toBe(false);
    const again = asks(plan.next(20)).find((ask) => piecesOf([ask]).includes(wrong));
    if (again === undefined) throw new Error("the piece is lost");
    expect(piecesOf([again])).toEqual([wrong]);
    deliverBut(plan, again, wrong, 30);
    plan.joined(B, 40);
    const next = plan.next(40);
    expect(piecesOf(asks(next, A))).not.toContain(wrong);
    expect(piecesOf(asks(next, B))).toContain(wrong);
    plan.left(B);
    deliver(plan, second, 45);
    expect(piecesOf(asks(plan.next(50), A))).toContain(wrong);
  });
});

describe("near the end", () => {
  it("a slow source is asked for nothing that the fast one has sooner", () => {
    const sources = [
      [A, 100_000_000],
      [B, 3_000_000],
      [C, 1_000_000],
    ] as const;
    // Nobody may be asked for what another one has: who is asked for the last pieces has the end of the download in hand.
    const { elapsedMs, idealMs } = simulate({
      layout: layoutOf([200 * MIB]),
      sources: sources.map(([peerId, rate]) => ({ peerId, rateAt: () => rate, latencyMs: 5 })),
      exclusive: true,
      random: () => 0.37,
    });
    expect(elapsedMs).toBeLessThanOrEqual(idealMs * 1.1);
  });

  it("what a slow source has last is asked of an idle fast one too, counts once, and the slow ask is dropped", () => {
    const plan = planOf(layoutOf([2 * MIB, 400 * MIB]));
    plan.joined(A, 0);
    const [slow] = asks(plan.next(0));
    if (slow === undefined) throw new Error("nobody was asked");
    expect(piecesOf([slow])).toEqual([0, 1]);
    plan.joined(B, 0);
    let second: Ask | undefined;
    let nowMs = 0;
    while (second === undefined && nowMs < 60_000) {
      nowMs += 10;
      plan.received(slow, 10, nowMs);
      for (const ask of asks(plan.next(nowMs), B)) {
        if (piecesOf([ask]).some((piece) => piecesOf([slow]).includes(piece))) second = ask;
        else deliver(plan, ask, nowMs + 5);
      }
    }
    if (second === undefined) throw new Error("the slow source's pieces were never asked of the other one");
    expect(piecesOf([second])).toEqual([0, 1]);
    expect(plan.verified(slow, 0)).toBe(true);
    expect(plan.verified(second, 0)).toBe(false);
    expect(plan.verified(second, 1)).toBe(true);
    plan.ended(second, nowMs);
    expect(drops(plan.next(nowMs))).toContainEqual({ id: slow.id, why: "superseded" });
    expect(plan.reopened).toBe(0);
  });

  it("what a slow source has is dropped with its last missing piece, though another one has sent what comes behind that", () => {
    const plan = planOf(layoutOf([2 * MIB, 2 * MIB]));
    plan.joined(A, 0);
    const [slow] = asks(plan.next(0));
    if (slow === undefined) throw new Error("nobody was asked");
    for (let nowMs = 500; nowMs <= 3_000; nowMs += 500) plan.received(slow, 50_000, nowMs);
    plan.joined(B, 3_000);
    const tails = asks(plan.next(3_000), B);
    const second = tails.find((ask) => piecesOf([ask]).includes(1));
    if (second === undefined) throw new Error("the slow source's pieces were not asked of the other one");
    expect(plan.verified(second, 1)).toBe(true);
    expect(drops(plan.next(3_010)).map(({ id }) => id)).not.toContain(slow.id);
    expect(plan.verified(slow, 0)).toBe(true);
    expect(drops(plan.next(3_020))).toContainEqual({ id: slow.id, why: "superseded" });
  });

  it("what has come whole from the source that was asked for it is not dropped", () => {
    const plan = planOf(layoutOf([2 * MIB, 2 * MIB]));
    plan.joined(A, 0);
    const [first] = asks(plan.next(0));
    if (first === undefined) throw new Error("nobody was asked");
    for (const piece of piecesOf([first])) plan.verified(first, piece);
    expect(drops(plan.next(10))).toEqual([]);
  });

  it("where a late wrong byte would overwrite a right one, nothing is asked of two, also when one has stalled", () => {
    const layout = layoutOf([2 * MIB, 400 * MIB]);
    const plan = new DownloadPlan({ layout, isDone: () => false, first: 0, from: 0, exclusive: true });
    plan.joined(A, 0);
    const [slow] = asks(plan.next(0));
    if (slow === undefined) throw new Error("nobody was asked");
    plan.joined(B, 0);
    const others: Ask[] = [];
    const dropped: number[] = [];
    let nowMs = 0;
    const go = (untilMs: number): void => {
      for (; nowMs < untilMs; nowMs += 10) {
        if (nowMs < 10_000) plan.received(slow, 10, nowMs);
        const actions = plan.next(nowMs);
        dropped.push(...drops(actions).map(({ id }) => id));
        for (const ask of asks(actions, B)) {
          others.push(ask);
          deliver(plan, ask, nowMs + 5);
        }
      }
    };
    go(30_000);
    expect(dropped).toContain(slow.id);
    expect(piecesOf(others)).toContain(401);
    expect(piecesOf(others).filter((piece) => piece < 2)).toEqual([]);
    plan.ended(slow, nowMs);
    go(60_000);
    expect(piecesOf(others)).toContain(1);
  });

  describe("where nothing may be asked of two", () => {
    /** A has two pieces and sends them slowly, B has sent everything else. */
    function nearTheEnd(bytesAtOnce: number) {
      const layout = layoutOf([2 * MIB, 100 * MIB]);
      const plan = new DownloadPlan({ layout, isDone: () => false, first: 0, from: 0, exclusive: true });
      plan.joined(A, 0);
      const [slow, other] = asks(plan.next(0));
      if (slow === undefined || other === undefined) throw new Error("too little is asked");
      expect(piecesOf([slow])).toEqual([0, 1]);
      plan.received(slow, bytesAtOnce, 1);
      deliver(plan, other, 1);
      plan.joined(B, 1);
      let nowMs = 0;
      const dropped: Ask[] = [];
      /** Asks for what the slow source was asked for. */
      const again: Ask[] = [];
      const step = (): void => {
        nowMs += 10;
        plan.received(slow, 1, nowMs);
        for (const { kind, ask } of plan.next(nowMs)) {
          if (kind === "drop") dropped.push(ask);
          else if (ask.unit.firstPiece < 2) again.push(ask);
          else deliver(plan, ask, nowMs + 5);
        }
      };
      return { plan, slow, dropped, again, step, now: () => nowMs };
    }

    it("what a slow source has last is taken from it, and asked of the fast one when its ask has ended", () => {
      const { plan, slow, dropped, again, step, now } = nearTheEnd(10);
      for (let round = 0; round < 400 && dropped.length === 0; round++) step();
      expect(dropped).toEqual([slow]);
      // What it still writes would come over what the other one has written.
      for (let round = 0; round < 20; round++) step();
      expect(again).toEqual([]);
      expect(plan.verified(slow, 0)).toBe(true);
      plan.ended(slow, now());
      step();
      expect(again.map((ask) => [ask.peerId, ...piecesOf([ask])])).toEqual([[B, 1]]);
      for (const ask of again) deliver(plan, ask, now());
      expect(plan.isFinished).toBe(true);
    });

    it("nothing is taken from a source that is about to have it", () => {
      const { plan, slow, dropped, step, now } = nearTheEnd(2 * MIB - 1_000);
      for (let round = 0; round < 100; round++) step();
      expect(dropped).toEqual([]);
      deliver(plan, slow, now());
      expect(plan.isFinished).toBe(true);
    });

    it("a piece that nobody sends is taken from one by the other a few times, and then no more", () => {
      const layout = layoutOf([MIB, 100 * MIB]);
      const plan = new DownloadPlan({ layout, isDone: () => false, first: 0, from: 0, exclusive: true });
      plan.joined(A, 0);
      plan.joined(B, 0);
      let taken = 0;
      for (let nowMs = 0; nowMs < STALL_MS - 1_000; nowMs += 10) {
        for (const { kind, ask } of plan.next(nowMs)) {
          if (kind === "drop") {
            taken += 1;
            plan.ended(ask, nowMs);
          } else if (ask.unit.firstPiece > 0) deliver(plan, ask, nowMs + 5);
        }
      }
      expect(taken).toBe(MAX_TAKEN);
    });
  });
});

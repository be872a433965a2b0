import type { PeerId, PieceLayout } from "@lanspread/proto";
import { MAX_STRIKES } from "../../src/download/constants.ts";
import { DownloadPlan } from "../../src/download/plan/download-plan.ts";
import type { Ask, PlanAction } from "../../src/download/plan/types.ts";

/** A source as the simulator makes it behave. Times in milliseconds since the start of the download. */
export interface SimulatedSource {
  readonly peerId: PeerId;
  /** Bytes per second at a time; 0 while it stalls. */
  readonly rateAt: (timeMs: number) => number;
  /** Time between an ask and its first byte. */
  readonly latencyMs: number;
  /** When it announces the game. Default: from the beginning. */
  readonly joinsAtMs?: number;
  /** When it disappears for good. Default: never. */
  readonly leavesAtMs?: number;
  /** Share of its units that fail half-way, 0 to 1. */
  readonly failures?: number;
  /** Share of its pieces that come wrong, 0 to 1. After the second one it is out, as in a real download. */
  readonly wrong?: number;
}

export interface SimulationOptions {
  readonly layout: PieceLayout;
  readonly sources: readonly SimulatedSource[];
  /** What the own link takes, bytes per second. Default: everything. */
  readonly downlink?: number;
  /** As in the plan's options. */
  readonly exclusive?: boolean;
  /** 0 to 1, reproducible. */
  readonly random: () => number;
  /** Simulated time after which the download is taken to hang. */
  readonly giveUpAfterMs?: number;
}

export interface SimulationResult {
  readonly finished: boolean;
  readonly elapsedMs: number;
  /** Time in which a planner that knows everything beforehand would be done. */
  readonly idealMs: number;
  readonly bytesBySource: ReadonlyMap<PeerId, number>;
  /** Bytes that came, right, wrong or twice. */
  readonly receivedBytes: number;
  readonly asks: number;
  /** Pieces that were asked for again. */
  readonly reopened: number;
  /** Pieces that are neither done nor asked for nor open: always 0. */
  readonly lost: number;
}

const STEP_MS = 5;

/** How often the plan is asked even if nothing has happened. */
const PUMP_MS = 250;

/** Pause of a source after a unit failed, as the transfer makes it. */
const FAILURE_PAUSE_MS = 200;

/** How long after it is dropped an ask has ended: a thread hears of it, and what it writes is written. */
const DROP_MS = 10;

interface ServedAsk {
  readonly ask: Ask;
  readonly beginsAtMs: number;
  readonly failsAfter: number;
  piece: number;
  pieceBytes: number;
  bytes: number;
}

/** Runs one download in simulated time: sources serve their asks in order, one after the other, like one stream behind another. */
export function simulate(options: SimulationOptions): SimulationResult {
  return new Simulation(options).run();
}

class Simulation {
  readonly #options: SimulationOptions;
  readonly #plan: DownloadPlan;
  readonly #queues = new Map<PeerId, ServedAsk[]>();
  readonly #done: Uint8Array;
  readonly #strikes = new Map<PeerId, number>();
  readonly #bytesBySource = new Map<PeerId, number>();
  /** Dropped asks, and when they have ended. */
  #dropped: { readonly ask: Ask; readonly endsAtMs: number }[] = [];
  #receivedBytes = 0;
  #asks = 0;
  #pumpedMs = Number.NEGATIVE_INFINITY;
  #happened = true;

  constructor(options: SimulationOptions) {
    const { layout, random } = options;
    this.#options = options;
    this.#done = new Uint8Array(layout.pieceCount);
    const from = Math.floor(random() * layout.pieceCount);
    this.#plan = new DownloadPlan({
      layout,
      isDone: () => false,
      first: 0,
      from,
      exclusive: options.exclusive === true,
    });
  }

  run(): SimulationResult {
    const { giveUpAfterMs = 3_600_000 } = this.#options;
    const idealMs = this.#idealMs(giveUpAfterMs);
    let nowMs = 0;
    for (; !this.#plan.isFinished && nowMs < giveUpAfterMs; nowMs += STEP_MS) {
      this.#comeAndGo(nowMs);
      this.#endDropped(nowMs);
      this.#pump(nowMs);
      this.#deliver(nowMs + STEP_MS);
    }
    return {
      finished: this.#plan.isFinished,
      elapsedMs: nowMs,
      idealMs,
      bytesBySource: this.#bytesBySource,
      receivedBytes: this.#receivedBytes,
      asks: this.#asks,
      reopened: this.#plan.reopened,
      lost: this.#done.reduce((lost, done) => lost + (done === 1 ? 0 : 1), 0),
    };
  }

  #comeAndGo(nowMs: number): void {
    for (const source of this.#options.sources) {
      const { peerId, leavesAtMs = Number.POSITIVE_INFINITY } = source;
      const out = (this.#strikes.get(peerId) ?? 0) >= MAX_STRIKES;
      const here = nowMs >= (source.joinsAtMs ?? 0) && nowMs < leavesAtMs && !out;
      if (here && !this.#queues.has(peerId)) {
        this.#queues.set(peerId, []);
        this.#plan.joined(peerId, nowMs);
        this.#happened = true;
      } else if (!here && this.#queues.has(peerId)) {
        const ended = this.#queues.get(peerId) ?? [];
        this.#queues.delete(peerId);
        this.#plan.left(peerId);
        for (const { ask } of ended) this.#plan.ended(ask, nowMs);
        this.#happened = true;
      }
    }
  }

  #endDropped(nowMs: number): void {
    const over = this.#dropped.filter(({ endsAtMs }) => endsAtMs <= nowMs);
    this.#dropped = this.#dropped.filter(({ endsAtMs }) => endsAtMs > nowMs);
    for (const { ask } of over) this.#plan.ended(ask, nowMs);
    this.#happened ||= over.length > 0;
  }

  #pump(nowMs: number): void {
    if (!this.#happened && nowMs - this.#pumpedMs < PUMP_MS) return;
    this.#happened = false;
    this.#pumpedMs = nowMs;
    do this.#do(this.#plan.next(nowMs), nowMs);
    while (this.#plan.hasMore);
  }

  #do(actions: readonly PlanAction[], nowMs: number): void {
    for (const action of actions) {
      const { ask } = action;
      const queue = this.#queues.get(ask.peerId) ?? [];
      if (action.kind === "drop") {
        const index = queue.findIndex((served) => served.ask.id === ask.id);
        if (index >= 0) queue.splice(index, 1);
        this.#dropped.push({ ask, endsAtMs: nowMs + DROP_MS });
        continue;
      }
      const source = this.#options.sources.find(({ peerId }) => peerId === ask.peerId);
      const fails = this.#options.random() < (source?.failures ?? 0);
      this.#asks += 1;
      queue.push({
        ask,
        beginsAtMs: nowMs + (source?.latencyMs ?? 0),
        failsAfter: fails ? ask.unit.length / 2 : Number.POSITIVE_INFINITY,
        piece: ask.unit.firstPiece,
        pieceBytes: 0,
        bytes: 0,
      });
    }
  }

  /** What comes in the step that ends at a time. */
  #deliver(nowMs: number): void {
    const { sources, downlink = Number.POSITIVE_INFINITY } = this.#options;
    const wanted = sources.map((source) => {
      const head = this.#queues.get(source.peerId)?.[0];
      return head === undefined || head.beginsAtMs > nowMs ? 0 : source.rateAt(nowMs);
    });
    const sum = wanted.reduce((all, rate) => all + rate, 0);
    const share = sum > downlink ? downlink / sum : 1;
    for (const [index, source] of sources.entries()) {
      this.#serve(source, ((wanted[index] ?? 0) * share * STEP_MS) / 1000, nowMs);
    }
  }

  #serve(source: SimulatedSource, budget: number, nowMs: number): void {
    const queue = this.#queues.get(source.peerId) ?? [];
    let left = budget;
    for (let head = queue[0]; head !== undefined && left > 0 && head.beginsAtMs <= nowMs; head = queue[0]) {
      const { ask } = head;
      const piece = this.#options.layout.pieceAt(head.piece);
      const bytes = Math.min(left, piece.length - head.pieceBytes);
      left -= bytes;
      head.bytes += bytes;
      head.pieceBytes += bytes;
      this.#receivedBytes += bytes;
      this.#plan.received(ask, bytes, nowMs);
      if (head.pieceBytes >= piece.length) this.#pieceCame(source, head, piece.length);
      const failed = head.bytes >= head.failsAfter;
      if (head.piece < ask.unit.firstPiece + ask.unit.pieceCount && !failed) continue;
      if (queue[0] === head) queue.shift();
      if (failed) this.#plan.pauseUntil(source.peerId, nowMs + FAILURE_PAUSE_MS);
      this.#plan.ended(ask, nowMs);
      this.#happened = true;
    }
  }

  #pieceCame({ peerId, wrong = 0 }: SimulatedSource, head: ServedAsk, length: number): void {
    const { piece, ask } = head;
    head.piece += 1;
    head.pieceBytes = 0;
    if (this.#options.random() < wrong) {
      this.#strikes.set(peerId, (this.#strikes.get(peerId) ?? 0) + 1);
      this.#plan.wrong(ask, piece);
      return;
    }
    if (!this.#plan.verified(ask, piece)) return;
    if (this.#done[piece] === 1) throw new Error(`piece ${piece} counted twice`);
    this.#done[piece] = 1;
    this.#bytesBySource.set(peerId, (this.#bytesBySource.get(peerId) ?? 0) + length);
  }

  /** When the bytes of the game could have come if every honest source had always been asked for just the right ones. */
  #idealMs(giveUpAfterMs: number): number {
    const { sources, layout, downlink = Number.POSITIVE_INFINITY } = this.#options;
    let bytes = 0;
    let nowMs = 0;
    while (bytes < layout.totalBytes && nowMs < giveUpAfterMs) {
      nowMs += STEP_MS;
      const rate = sources.reduce((sum, source) => {
        const { joinsAtMs = 0, latencyMs, leavesAtMs = Number.POSITIVE_INFINITY, wrong = 0 } = source;
        const here = nowMs > joinsAtMs + latencyMs && nowMs <= leavesAtMs && wrong === 0;
        return sum + (here ? source.rateAt(nowMs) : 0);
      }, 0);
      bytes += (Math.min(rate, downlink) * STEP_MS) / 1000;
    }
    return nowMs;
  }
}

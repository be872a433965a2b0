import type { PeerId } from "@lanspread/proto";
import type { WorkUnit } from "../../transfer/work-unit.ts";
import { ENDGAME_SHARE, MAX_ASKERS, MAX_LATE_ASKS, MAX_LOOKED_AT, MAX_TAKEN } from "./constants.ts";
import { minBy } from "./of-several.ts";
import type { PieceBoard } from "./piece-board.ts";
import type { PlannedSource, RunningAsk } from "./planned-source.ts";
import type { RunningAsks } from "./running-asks.ts";
import type { TroubledPieces } from "./troubled-pieces.ts";

/** A download of which nothing is open: all that is not done is asked of somebody. */
export interface EndgameView {
  readonly board: PieceBoard;
  readonly troubled: TroubledPieces;
  readonly running: RunningAsks;
  readonly sources: ReadonlyMap<PeerId, PlannedSource>;
  /** Sources that may be asked now. */
  readonly usable: readonly PlannedSource[];
  /** Those of them who have room. */
  readonly idle: readonly PlannedSource[];
  /** Bytes per second of the fastest source. */
  readonly fastest: number;
  readonly nowMs: number;
}

/** When each source that was asked for something will have delivered all of it, in ms from now. */
type Ends = ReadonlyMap<PeerId, number>;

/**
 * Whoever has room is asked for what a slower one will have last. That one goes on, and the first answer wins.
 *
 * However many asks are running, a bounded number of them is looked at. What is left over has its turn later, when these have come or are
 * asked of others.
 *
 * @param ask asks a source for a unit
 */
export function askOthersToo(view: EndgameView, ask: (source: PlannedSource, unit: WorkUnit) => void): void {
  const helpers = new Set(view.idle.filter(({ onProbation, hasRoom }) => hasRoom && !onProbation));
  if (helpers.size === 0) return;
  const ends = endsOf(view);
  const soonestMs = leastOf([...helpers], (source) => source.finishesInMs(0, view.fastest));
  for (const late of lateAsks(view, ends, soonestMs)) {
    const help = helpWith(view, late);
    // Who is faster and has no room has some soon.
    if (help === null || !helpers.has(help.source) || !isSooner(view, help, ends)) continue;
    ask(help.source, help.unit);
    if (!help.source.hasRoom) helpers.delete(help.source);
    if (helpers.size === 0) return;
  }
}

/**
 * Nothing may be asked of two: whoever has room is to get what a slower one would have last. That one's ask is dropped, which throws away
 * the piece that is coming, and what it did not deliver is open when it has ended.
 *
 * @param ending asks that were dropped and have not ended: what they are for is open soon, and will be asked of whoever has room
 * @param take drops an ask
 */
export function takeFromSlow(
  view: EndgameView,
  ending: Iterable<RunningAsk>,
  take: (ask: RunningAsk) => void,
): void {
  const { board, troubled, sources, idle, fastest, nowMs } = view;
  const takers = idle.filter((source) => !source.onProbation && (source.rate > 0 || source.isUntried));
  if (takers.length === 0) return;
  let soonOpen = 0;
  for (const { unit } of ending) soonOpen += board.bytesLeft(unit);
  let lookedAt = 0;
  for (const [peerId, endsInMs] of endsOf(view)) {
    const slow = sources.get(peerId);
    const soonestMs = leastOf(takers, (source) => source.finishesInMs(soonOpen, fastest));
    if (slow === undefined || soonestMs > endsInMs * ENDGAME_SHARE || lookedAt >= MAX_LOOKED_AT) return;
    for (const ask of [...slow.asks].reverse()) {
      lookedAt += 1;
      const bytes = board.bytesLeft(ask.unit);
      if (bytes === 0 || board.mostTaken(ask.unit) >= MAX_TAKEN) continue;
      const soonMs = leastOf(takers, (source) =>
        source === slow || troubled.wasTried(source.peerId, ask.unit.firstPiece)
          ? Number.POSITIVE_INFINITY
          : source.finishesInMs(soonOpen + bytes, fastest),
      );
      if (soonMs === Number.POSITIVE_INFINITY) continue;
      if (soonMs > slow.endsInMs(nowMs, fastest) * ENDGAME_SHARE) break;
      board.taken(ask.unit);
      take(ask);
      soonOpen += bytes;
    }
  }
}

interface Help {
  readonly source: PlannedSource;
  readonly unit: WorkUnit;
}

/** Who of all that may help would have the last pieces of an ask first, and which of them it is to be asked for. */
function helpWith(
  { board, troubled, usable, fastest }: EndgameView,
  { unit: late }: RunningAsk,
): Help | null {
  const isFreeFor =
    ({ peerId }: PlannedSource) =>
    (piece: number): boolean =>
      !troubled.cameWrong(piece) && !troubled.wasTried(peerId, piece);
  // However fast somebody is, or is taken to be: who may be asked for none of it is in nobody's way.
  const able = usable.filter(
    (each) => !each.onProbation && board.fewestAskers(late, isFreeFor(each)) < MAX_ASKERS,
  );
  let bytes = board.lastLength(late);
  let source: PlannedSource | undefined;
  // How many it is asked for depends on who it is, and who it is on how many. Two looks find both where sources are much alike.
  for (let look = 0; look < 3; look++) {
    const first = minBy(able, (each) => each.finishesInMs(bytes, fastest));
    if (first === undefined) return null;
    const unit = board.lastRun(late, first.unitBytes, MAX_ASKERS, isFreeFor(first));
    if (unit === null) return null;
    if (first === source || unit.length === bytes) return { source: first, unit };
    source = first;
    bytes = unit.length;
  }
  return null;
}

/** Whether a source would have a unit well before all that are asked for pieces of it, and is none of them. */
function isSooner({ running, fastest }: EndgameView, { source, unit }: Help, ends: Ends): boolean {
  const ownMs = source.finishesInMs(unit.length, fastest);
  for (const { peerId } of running.overlapping(unit)) {
    if (peerId === source.peerId || ownMs > (ends.get(peerId) ?? 0) * ENDGAME_SHARE) return false;
  }
  return true;
}

/** The slowest first. */
function endsOf({ sources, fastest, nowMs }: EndgameView): Ends {
  return new Map(
    [...sources.values()]
      .filter(({ asks }) => asks.size > 0)
      .map((source) => [source.peerId, source.endsInMs(nowMs, fastest)] as const)
      .sort(([, one], [, other]) => other - one),
  );
}

/** Asks with pieces that others may be asked for too and could have sooner: before all others those that nobody else was asked for. */
function lateAsks({ board, troubled, sources }: EndgameView, ends: Ends, soonestMs: number): RunningAsk[] {
  const alone: RunningAsk[] = [];
  const helped: RunningAsk[] = [];
  const mayBeAsked = (piece: number): boolean => !troubled.cameWrong(piece);
  let lookedAt = 0;
  for (const [peerId, endsInMs] of ends) {
    if (soonestMs > endsInMs * ENDGAME_SHARE) break;
    // Units come in their order, so that the last one is late for longest.
    for (const ask of [...(sources.get(peerId)?.asks ?? [])].reverse()) {
      lookedAt += 1;
      const askers = board.fewestAskers(ask.unit, mayBeAsked);
      if (askers === 1) alone.push(ask);
      else if (askers < MAX_ASKERS) helped.push(ask);
    }
    if (alone.length >= MAX_LATE_ASKS || lookedAt >= MAX_LOOKED_AT) break;
  }
  return [...alone, ...helped].slice(0, MAX_LATE_ASKS);
}

/** The least cost; infinity where there is none. */
function leastOf<T>(values: readonly T[], cost: (value: T) => number): number {
  let least = Number.POSITIVE_INFINITY;
  for (const value of values) least = Math.min(least, cost(value));
  return least;
}

import { asPieceIndex, type PeerId, type PieceLayout } from "@lanspread/proto";
import type { WorkUnit } from "../transfer/work-unit.ts";
import {
  MAX_UNIT_BYTES,
  MAX_UNITS_IN_FLIGHT,
  MIN_UNITS_IN_FLIGHT,
  MIN_WINDOW_BYTES,
  WINDOW_MS,
} from "./constants.ts";

/** What the planner sees of a source that may be asked now. */
export interface PlannedSource {
  readonly peerId: PeerId;
  readonly unitsInFlight: number;
  readonly bytesInFlight: number;
  /** Measured, bytes per second; 0 before anything came. */
  readonly rate: number;
}

/** What the planner is asked about: a few questions, so that it needs neither network nor disk. */
export interface PlannerView {
  readonly layout: PieceLayout;
  /** Whether a piece is neither verified nor asked for. */
  readonly isOpen: (piece: number) => boolean;
  /** Where to look first: the piece behind the last one that was given out; at first a random one. */
  readonly from: number;
  readonly sources: readonly PlannedSource[];
}

/** The next unit, and who is to be asked for it. */
export interface Assignment {
  readonly peerId: PeerId;
  readonly unit: WorkUnit;
}

/** @returns null where nothing is open, or no source has room */
export function planNext(view: PlannerView): Assignment | null {
  const ready = view.sources.filter(hasRoom);
  if (ready.length === 0) return null;
  const unit = nextUnit(view.layout, view.isOpen, view.from);
  if (unit === null) return null;
  const source = firstToFinish(ready, unit.length);
  return source === undefined ? null : { peerId: source.peerId, unit };
}

/** Whether a source may be asked for one more unit: it should have about {@link WINDOW_MS} of its rate in flight. */
export function hasRoom(source: PlannedSource): boolean {
  if (source.unitsInFlight < MIN_UNITS_IN_FLIGHT) return true;
  if (source.unitsInFlight >= MAX_UNITS_IN_FLIGHT) return false;
  return source.bytesInFlight < Math.max(MIN_WINDOW_BYTES, (source.rate * WINDOW_MS) / 1000);
}

/** The first run of open pieces at or behind `from`, and from the beginning where there is none. */
export function nextUnit(
  layout: PieceLayout,
  isOpen: (piece: number) => boolean,
  from: number,
): WorkUnit | null {
  const first = firstOpen(isOpen, from, layout.pieceCount) ?? firstOpen(isOpen, 0, from);
  if (first === null) return null;
  const piece = layout.pieceAt(first);
  const fileEnd = layout.piecesOfFile(piece.fileIndex).end;
  let { length } = piece;
  let end = first + 1;
  while (end < fileEnd && isOpen(end)) {
    const next = layout.pieceAt(end).length;
    if (length + next > MAX_UNIT_BYTES) break;
    length += next;
    end += 1;
  }
  return {
    fileIndex: piece.fileIndex,
    path: piece.path,
    firstPiece: asPieceIndex(first),
    pieceCount: end - first,
    offset: piece.offset,
    length,
  };
}

function firstOpen(isOpen: (piece: number) => boolean, from: number, end: number): number | null {
  for (let piece = from; piece < end; piece++) if (isOpen(piece)) return piece;
  return null;
}

/** A source that has not been measured is taken for as fast as the fastest: only asking it will tell. */
function firstToFinish(sources: readonly PlannedSource[], length: number): PlannedSource | undefined {
  const fastest = sources.reduce((most, { rate }) => Math.max(most, rate), 1);
  const finishes = (source: PlannedSource): number =>
    (source.bytesInFlight + length) / (source.rate > 0 ? source.rate : fastest);
  return sources.reduce<PlannedSource | undefined>(
    (best, source) => (best === undefined || finishes(source) < finishes(best) ? source : best),
    undefined,
  );
}

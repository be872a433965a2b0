import { type PeerId, type PieceIndex, WireError } from "@lanspread/proto";
import { PeerError } from "../errors/index.ts";
import { SourceError } from "../transfer/index.ts";
import {
  MAX_BUSY_IN_ROW,
  MAX_BUSY_PAUSE_MS,
  MAX_FAILURES_IN_ROW,
  MAX_NAMED,
  MAX_OUT_REMEMBERED,
  MAX_STRIKES,
  RETRY_PAUSE_MS,
} from "./constants.ts";
import type { Ask } from "./plan/index.ts";
import type { DownloadSource } from "./types.ts";

/** A source during a download. */
export interface SourceState {
  readonly source: DownloadSource;
  /** Verified bytes that came from it. */
  verifiedBytes: number;
  strikes: number;
  /** Units that failed since the last byte came. */
  failures: number;
  /** Answers since then that asked for patience: an operation works on the game there. */
  busy: number;
  /** The unit that was asked of it last. Numbers grow. */
  lastAsked: Ask["id"];
  /** Units up to this one were under way when a failure was counted: theirs are of the same moment. */
  counted: Ask["id"];
  out: Out | null;
}

interface Out {
  readonly why: string;
  /** It sent wrong bytes too often, and is not taken back. */
  readonly struck: boolean;
  /** It is still there: what it answered is the reason. */
  readonly there: boolean;
}

/** All sources of a download that take part, and the last ones of those that are out. */
export class SourceStates {
  readonly #states = new Map<PeerId, SourceState>();
  /** In the order in which they went. */
  readonly #out = new Set<SourceState>();

  /** Whether nobody takes part. */
  get areAllOut(): boolean {
    return this.#out.size === this.#states.size;
  }

  get(peerId: PeerId): SourceState | undefined {
    return this.#states.get(peerId);
  }

  /** In the order in which they came. */
  all(): readonly SourceState[] {
    return [...this.#states.values()];
  }

  /** A source takes part that is new, or is back. @returns false where it does so already, or may not */
  join(source: DownloadSource, back = false): boolean {
    const known = this.#states.get(source.peerId);
    if (known === undefined) this.#states.set(source.peerId, createSourceState(source));
    else if (!back || !takeBack(known)) return false;
    else this.#out.delete(known);
    return true;
  }

  /** A source has been put out. */
  wentOut(state: SourceState): void {
    this.#out.add(state);
    if (this.#out.size <= MAX_OUT_REMEMBERED) return;
    const all = [...this.#out];
    // The end tells who has sent what, and who has lied.
    const forgotten =
      all.find(({ verifiedBytes, strikes }) => verifiedBytes === 0 && strikes === 0) ?? all[0];
    if (forgotten === undefined) return;
    this.#out.delete(forgotten);
    this.#states.delete(forgotten.source.peerId);
  }
}

/** A piece that came wrong, and from whom. */
export interface WrongPiece {
  readonly path: string;
  readonly index: PieceIndex;
  readonly offset: number;
  readonly length: number;
  readonly peerId: PeerId;
}

export function createSourceState(source: DownloadSource): SourceState {
  return {
    source,
    verifiedBytes: 0,
    strikes: 0,
    failures: 0,
    busy: 0,
    lastAsked: -1,
    counted: -1,
    out: null,
  };
}

/** The source takes no further part. */
function putOut(state: SourceState, out: Out): void {
  state.out ??= out;
}

/** A source that was out is back. @returns false where it is in, or sent wrong bytes too often: nothing has changed then */
function takeBack(state: SourceState): boolean {
  if (state.out === null || state.out.struck) return false;
  state.out = null;
  noteBytes(state);
  return true;
}

/** A byte came: what failed before counts no longer. */
export function noteBytes(state: SourceState): void {
  state.failures = 0;
  state.busy = 0;
}

/** A wrong piece, or an answer of the wrong size. Two of them, and the source is out. */
export function strike(state: SourceState, why: string): void {
  state.strikes += 1;
  if (state.strikes >= MAX_STRIKES) putOut(state, { why, struck: true, there: true });
}

/**
 * A unit failed. Who refuses for good is out at once; an answer that breaks the rules is a strike; whoever could not be
 * reached or stalled is asked again after a pause, and is out after a few failures in a row; who is busy is there, and is asked
 * again for minutes. Units that were under way together fail together: a source that stops to send them has failed once.
 *
 * @param asked the unit
 * @returns the pause, milliseconds
 */
export function noteUnitFailure(state: SourceState, asked: Ask["id"], error: unknown): number {
  const why = error instanceof Error ? error.message : String(error);
  const isAnswer = error instanceof SourceError && error.code !== null;
  if (isAnswer && !error.retryable) {
    putOut(state, { why, struck: false, there: true });
    return 0;
  }
  if (!isAnswer && (error instanceof SourceError || error instanceof WireError)) {
    strike(state, why);
    return 0;
  }
  const isNew = asked > state.counted;
  if (isNew) state.counted = state.lastAsked;
  if (isAnswer) {
    if (isNew) state.busy += 1;
    if (state.busy >= MAX_BUSY_IN_ROW) putOut(state, { why, struck: false, there: true });
    return Math.min(RETRY_PAUSE_MS * state.busy, MAX_BUSY_PAUSE_MS);
  }
  if (isNew) state.failures += 1;
  if (state.failures >= MAX_FAILURES_IN_ROW) putOut(state, { why, struck: false, there: false });
  return RETRY_PAUSE_MS * state.failures;
}

/** Why a download ends of which no source is left. */
export function nobodyLeft(
  gameId: string,
  states: readonly SourceState[],
  wrong: WrongPiece | null,
): PeerError {
  const reasons = states.map(({ source, out }) => `${source.peerId}: ${out?.why ?? "unknown"}`);
  const shown = reasons.slice(0, MAX_NAMED).join("; ");
  if (wrong !== null && states.every(({ out }) => out?.struck === true)) {
    return new PeerError("verification", `${describeWrong(gameId, wrong)}; nobody else has it (${shown})`);
  }
  if (states.some(({ out }) => out?.there === true)) {
    return new PeerError(
      "peers-gone",
      `No source of ${gameId} is left; some were put out for their answers: ${shown}`,
      { hint: "Check the game's files at the peers that the message names, then start the download again." },
    );
  }
  return new PeerError("peers-gone", `Every source of ${gameId} has left: ${shown}`);
}

/** A sentence about a wrong piece, without its end. */
export function describeWrong(gameId: string, { path, index, offset, length, peerId }: WrongPiece): string {
  return `${gameId}/${path}: piece ${index} (${length} bytes from ${offset}) came wrong from ${peerId}`;
}

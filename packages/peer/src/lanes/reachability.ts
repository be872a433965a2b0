import type { PeerId } from "@lanspread/proto";
import { LANE_UNREACHABLE_MS, MAX_LANE_UNREACHABLE_MS } from "./constants.ts";

type State =
  /** One unit is under way that will show it; `known` resolves when it has. */
  | { readonly is: "tried"; readonly known: PromiseWithResolvers<void> }
  | { readonly is: "reached" }
  | { readonly is: "unreachable"; readonly until: number; readonly pauseMs: number };

/**
 * Whether the lanes of each source can be reached: a firewall may let nothing through but the control connection's port. It is
 * tried with one unit, so that nothing else waits for the answer. Times are milliseconds of one monotonic clock.
 */
export class Reachability {
  readonly #states = new Map<PeerId, State>();
  /** How long a source was left alone the last time. */
  readonly #pauses = new Map<PeerId, number>();

  /** Whether a unit may be asked of a lane of the source now. Where that is to be tried, once until it is known. */
  mayAsk(peerId: PeerId, now: number): boolean {
    const state = this.#states.get(peerId);
    if (state?.is === "reached") return true;
    if (state?.is === "tried" || (state?.is === "unreachable" && now < state.until)) return false;
    this.#states.set(peerId, { is: "tried", known: Promise.withResolvers() });
    return true;
  }

  /** Resolves when what is being tried is known; null where nothing is. */
  untilKnown(peerId: PeerId): Promise<void> | null {
    const state = this.#states.get(peerId);
    return state?.is === "tried" ? state.known.promise : null;
  }

  /** Bytes have come through a lane of the source. */
  came(peerId: PeerId): void {
    if (this.#states.get(peerId)?.is === "reached") return;
    this.#set(peerId, { is: "reached" });
    this.#pauses.delete(peerId);
  }

  /** A lane of the source could not be used. @returns for how long none is asked, milliseconds */
  failed(peerId: PeerId, now: number): number {
    const before = this.#states.get(peerId);
    if (before?.is === "unreachable" && now < before.until) return before.pauseMs;
    const pauseMs = Math.min(
      2 * (this.#pauses.get(peerId) ?? LANE_UNREACHABLE_MS / 2),
      MAX_LANE_UNREACHABLE_MS,
    );
    this.#set(peerId, { is: "unreachable", until: now + pauseMs, pauseMs });
    this.#pauses.set(peerId, pauseMs);
    return pauseMs;
  }

  /** A unit has ended that says nothing about the lanes. */
  ended(peerId: PeerId): void {
    if (this.#states.get(peerId)?.is === "tried") this.#set(peerId, null);
  }

  /** The source's process is another one, or gone. */
  forget(peerId: PeerId): void {
    this.#set(peerId, null);
    this.#pauses.delete(peerId);
  }

  #set(peerId: PeerId, state: State | null): void {
    const before = this.#states.get(peerId);
    if (state === null) this.#states.delete(peerId);
    else this.#states.set(peerId, state);
    if (before?.is === "tried") before.known.resolve();
  }
}

import { MISSED_PINGS_LIMIT, PING_AFTER_MS, PONG_TIMEOUT_MS, SILENCE_LIMIT_MS } from "./constants.ts";

/** What is known of one connection's other end. Times are milliseconds of one monotonic clock. */
export interface Liveness {
  /** When any message of it came last. */
  readonly heardAt: number;
  /** When the ping was sent that has no answer yet; null where none is under way. */
  readonly pingedAt: number | null;
  /** Pings in a row that had no answer in time. */
  readonly missed: number;
}

/** What is to be done now, and when to ask again. */
export type LivenessStep =
  | { readonly do: "wait"; readonly forMs: number }
  | { readonly do: "ping" }
  /** The ping under way counts as missed; ask again at once. */
  | { readonly do: "miss" }
  | { readonly do: "lose"; readonly reason: string };

export function heard(now: number): Liveness {
  return { heardAt: now, pingedAt: null, missed: 0 };
}

export function pinged(state: Liveness, now: number): Liveness {
  return { ...state, pingedAt: now };
}

export function missedPing(state: Liveness): Liveness {
  return { ...state, pingedAt: null, missed: state.missed + 1 };
}

/** Ping on an idle connection; the peer is gone after two missed pings, or after a long silence. */
export function nextStep(state: Liveness, now: number): LivenessStep {
  const silence = now - state.heardAt;
  if (silence >= SILENCE_LIMIT_MS) {
    return { do: "lose", reason: `nothing heard for ${SILENCE_LIMIT_MS / 1000} s` };
  }
  if (state.missed >= MISSED_PINGS_LIMIT)
    return { do: "lose", reason: `${state.missed} pings without answer` };
  const untilLimit = SILENCE_LIMIT_MS - silence;
  if (state.pingedAt !== null) {
    const left = state.pingedAt + PONG_TIMEOUT_MS - now;
    return left <= 0 ? { do: "miss" } : { do: "wait", forMs: Math.min(left, untilLimit) };
  }
  const idleLeft = PING_AFTER_MS - silence;
  return idleLeft <= 0 ? { do: "ping" } : { do: "wait", forMs: idleLeft };
}

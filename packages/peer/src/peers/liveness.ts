import { LIVENESS_LIMITS } from "./constants.ts";

/** When a connection is idle, and when its other end is gone. */
export interface LivenessLimits {
  /** Silence after which the other end is asked whether it is there, ms. */
  readonly pingAfterMs: number;
  /** How long a pong may take, ms. */
  readonly pongTimeoutMs: number;
  /** Pings in a row without a pong after which the other end is gone. */
  readonly missedPings: number;
  /** Silence after which it is gone whatever became of the pings, ms. */
  readonly silenceMs: number;
}

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
export function nextStep(
  state: Liveness,
  now: number,
  limits: LivenessLimits = LIVENESS_LIMITS,
): LivenessStep {
  const { pingAfterMs, pongTimeoutMs, missedPings, silenceMs } = limits;
  const silence = now - state.heardAt;
  if (silence >= silenceMs) return { do: "lose", reason: `nothing heard for ${silenceMs / 1000} s` };
  if (state.missed >= missedPings) return { do: "lose", reason: `${state.missed} pings without answer` };
  const untilLimit = silenceMs - silence;
  if (state.pingedAt !== null) {
    const left = state.pingedAt + pongTimeoutMs - now;
    return left <= 0 ? { do: "miss" } : { do: "wait", forMs: Math.min(left, untilLimit) };
  }
  const idleLeft = pingAfterMs - silence;
  return idleLeft <= 0 ? { do: "ping" } : { do: "wait", forMs: idleLeft };
}

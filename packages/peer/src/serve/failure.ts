import { type ErrorAnswer, errorAnswer, RESET, type ResetCode, WireError } from "@lanspread/proto";
import { PeerError } from "../errors/index.ts";
import { Refused } from "./refused.ts";

/** How a request that failed is told to who asked. */
export type Failure =
  | {
      readonly answer: ErrorAnswer /** The own side is at fault: for the own log. */;
      readonly fault: boolean;
    }
  | { readonly reset: ResetCode };

/**
 * How to tell an error.
 *
 * @param canAnswer false where bytes of an answer are on their way already, or nobody listens any more
 */
export function tell(error: unknown, canAnswer: boolean): Failure {
  if (!canAnswer) return { reset: resetCodeOf(error) };
  if (error instanceof Refused) return { answer: error.answer, fault: false };
  if (error instanceof WireError) {
    if (error.reset === RESET.tooLarge && error.code !== "internal") return { reset: error.reset };
    // What went wrong while an answer was made is for the own log.
    return error.code === "internal"
      ? { answer: FAULT, fault: true }
      : { answer: errorAnswer(error.code, error.message, false), fault: false };
  }
  if (error instanceof PeerError && error.code === "cancelled") {
    return { answer: errorAnswer("operation_active", "the game is being worked on", true), fault: false };
  }
  if (error instanceof PeerError && error.code === "shutting-down") return { reset: RESET.shuttingDown };
  return { answer: FAULT, fault: true };
}

/** What an answer says of a fault of the own side: nothing of this machine. */
const FAULT = errorAnswer("internal", "a fault on the answering side", true);

/** Why a stream ends early. */
function resetCodeOf(error: unknown): ResetCode {
  if (error instanceof WireError) return error.reset;
  if (!(error instanceof PeerError)) return RESET.internal;
  switch (error.code) {
    case "timeout":
      return RESET.stalled;
    case "cancelled":
      return RESET.revoked;
    case "shutting-down":
      return RESET.shuttingDown;
    default:
      return RESET.internal;
  }
}

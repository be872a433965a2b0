import { type ErrorAnswer, errorAnswer, type WireErrorCode } from "@lanspread/proto";
import type { ServeRefusal } from "./gate.ts";

/** A request that is answered with an error. The message goes over the wire: it names no path of this machine. */
export class Refused extends Error {
  override readonly name = "Refused";
  readonly answer: ErrorAnswer;

  constructor(code: WireErrorCode, message: string, retryable = false) {
    super(message);
    this.answer = errorAnswer(code, message, retryable);
  }

  static by(refusal: ServeRefusal): Refused {
    return new Refused(refusal.refuse, refusal.message, refusal.retryable);
  }
}

import { isPeerErrorCode, PEER_ERRORS } from "@lanspread/peer/base";
import type { Failure } from "./failure.ts";

/** The failure with what the registry says about its code, where it brings no hint of its own. */
export function withHint(failure: Failure): Failure {
  if (failure.hint !== undefined || !isPeerErrorCode(failure.code)) return failure;
  const description = PEER_ERRORS[failure.code];
  return "hint" in description ? { ...failure, hint: description.hint } : failure;
}

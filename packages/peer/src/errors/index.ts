/** Errors: one registry of codes, one class, one mapping from what Node throws. */
export { errnoOf, fromNodeError } from "./from-node-error.ts";
export {
  type FailureReason,
  isAbortError,
  PeerError,
  type PeerErrorOptions,
  reasonOf,
  toPeerError,
} from "./peer-error.ts";
export { type ErrorDescription, isPeerErrorCode, PEER_ERRORS, type PeerErrorCode } from "./registry.ts";

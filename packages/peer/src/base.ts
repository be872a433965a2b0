/**
 * What a host needs before its peer runs, and what loads in no time: the rest of the runtime costs a third of a second of processor time. The same
 * things as in `index.ts`.
 *
 * @module
 */
export { type ClaimStateDirOptions, claimStateDir, type StateDirClaim } from "./control/claim.ts";
export {
  type FailureReason,
  isPeerErrorCode,
  PEER_ERRORS,
  PeerError,
  type PeerErrorCode,
  reasonOf,
  toPeerError,
} from "./errors/index.ts";
export {
  createLogger,
  joinLoggers,
  type LogEntry,
  type Logger,
  type LogLevel,
  silentLogger,
  UNPACK_LOGGER,
} from "./logger.ts";
export { flushDirectory } from "./storage/flush.ts";
export { makeDirectories } from "./storage/make-directories.ts";
export { readJson } from "./storage/read-json.ts";
export { defaultStateDir, type StateDir, stateDirLayout } from "./storage/state-dir.ts";
export { writeFileDurably } from "./storage/write-file-durably.ts";

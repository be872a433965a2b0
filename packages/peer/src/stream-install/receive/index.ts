/** The receiving end of a streamed install: a game that somebody else unpacks while it comes. */
export { alreadyDownloaded } from "./require-streamable.ts";
export {
  type StreamInstallOptions,
  type StreamInstallProgress,
  type StreamInstallResult,
  type StreamInstallStep,
  type StreamPhase,
  type StreamSource,
  streamInstallGame,
} from "./stream-install.ts";

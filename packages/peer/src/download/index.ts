/** From the wish for a game to its bytes: what it consists of, who sends what, and how it becomes the game at once. */
export { type DiscardUnfinishedOptions, discardUnfinished } from "./discard-unfinished.ts";
export { downloadGame } from "./download.ts";
export {
  type FetchedManifest,
  type FetchManifestOptions,
  fetchManifest,
  type ManifestCandidate,
} from "./fetch-manifest.ts";
export type { FoundFile, WantedFile } from "./file-state.ts";
export type { FileToMake, MadeFiles } from "./make-files.ts";
export type { ProgressSample } from "./progress.ts";
export {
  type DownloadRecovery,
  type RecoverDownloadsOptions,
  type RecoveredDownload,
  recoverDownloads,
} from "./recover.ts";
export type { RemovedFiles } from "./remove-files.ts";
export type { OwnFile } from "./safe-path.ts";
export type {
  DownloadLanes,
  DownloadOptions,
  DownloadResult,
  DownloadSource,
  DownloadStep,
  FinishedChunk,
  LaneDownload,
  LaneUnit,
  SourceJoins,
} from "./types.ts";

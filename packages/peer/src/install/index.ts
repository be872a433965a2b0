/** Unpacking, installing, uninstalling and removing, and putting right what was interrupted. */

export { createExternalUnpacker, type ExternalUnpacker } from "./external/external-unpacker.ts";
export {
  type InstallOptions,
  type InstallPhase,
  type InstallProgress,
  type InstallResult,
  installGame,
} from "./install.ts";
export { type InstalledList, installedVersion, readInstalledList } from "./installed-list.ts";
export { unpackedBytes } from "./payload.ts";
export { type RecoverInstallsOptions, recoverGame, recoverInstalls } from "./recover.ts";
export {
  type RemoveOptions,
  type RemoveProgress,
  type RemoveResult,
  type RemoveStep,
  removeGame,
} from "./remove/remove.ts";
export { isInstalled } from "./reserved-directory.ts";
export {
  type InstallStep,
  type StagedFiles,
  type StagedInstallOptions,
  stageAndPromote,
} from "./stage-and-promote.ts";
export type { StepHook, StepMoment } from "./step.ts";
export type {
  ArchiveEntry,
  ArchiveListing,
  EntrySink,
  StreamOptions,
  StreamTotals,
  UnpackedFile,
  Unpacker,
  UnpackOptions,
  UnpackProgress,
} from "./types.ts";
export { type UninstallOptions, type UninstallStep, uninstallGame } from "./uninstall.ts";
export { createUnrarJsUnpacker } from "./unrar/unrar-unpacker.ts";
export { type UpdateOptions, type UpdateResult, type UpdateStep, updateGame } from "./update.ts";

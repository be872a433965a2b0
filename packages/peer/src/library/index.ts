/** The games on the own disk: sentinels, fingerprints, manifests, piece digests, and the revision they are announced under. */
export { createLibrary } from "./library.ts";
export { type LibraryMonitorOptions, monitorLibrary } from "./monitor.ts";
export { type HashOutcome, hashPieces } from "./piece-hasher.ts";
export { readSentinel, type Sentinel } from "./sentinel.ts";
export type {
  KnownContent,
  Library,
  LibraryChangeEvent,
  LibraryOptions,
  LibraryState,
  ServableGame,
} from "./types.ts";
export { canonicalVersion, formatVersion } from "./version.ts";
export { type Walk, type WalkedFile, walkManifest } from "./walk.ts";

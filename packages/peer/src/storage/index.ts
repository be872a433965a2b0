/** What lasts: one way to write, one way to read, one layout, one list of reserved names. */
export { PRIVATE_FILE_MODE, STAT_BLOCK_BYTES } from "./constants.ts";
export { directAccess, type FileAccess, type OpenedFile, pooledAccess, type Soon } from "./file-access.ts";
export { flushDirectory } from "./flush.ts";
export { freeBytes } from "./free-bytes.ts";
export { makeDirectories } from "./make-directories.ts";
export { pathBelow } from "./path-below.ts";
export { type JsonFile, readJson } from "./read-json.ts";
export { type RegularFile, readRegularFile } from "./read-regular-file.ts";
export * from "./reserved-names.ts";
export { isSealed, isSealedText, seal, sealText } from "./seal.ts";
export { setAside } from "./set-aside.ts";
export { ensureGameDir, gamesWithState, openStateDir, type StateDir, stateDirLayout } from "./state-dir.ts";
export { temporaryNameOf, type WriteFileOptions, writeFileDurably } from "./write-file-durably.ts";

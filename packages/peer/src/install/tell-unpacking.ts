import { basename } from "node:path";
import { toPeerError } from "../errors/index.ts";
import { type Logger, UNPACK_LOGGER } from "../logger.ts";
import type { ArchiveListing, UnpackProgress } from "./types.ts";

/** Tells the log of one archive while it is unpacked. */
export interface UnpackTeller {
  /** Every entry that has begun is told once, also those between two of these. */
  progress(progress: UnpackProgress): void;
  /** All of it was unpacked. */
  finished(files: number): void;
  /** It was not. A cancellation is no failure. */
  failed(error: unknown, signal: AbortSignal | undefined): void;
}

/**
 * Begins to tell of an archive: at `info` that it begins and how it ended, at `debug` each entry, in the archive's order.
 * Names are those of the archive: whoever shows them keeps in mind that others chose them.
 */
export function tellUnpacking(
  parent: Logger,
  gameId: string,
  archive: string,
  { entries, solid, unpackedBytes, volumes }: ArchiveListing,
): UnpackTeller {
  const logger = parent.child(UNPACK_LOGGER);
  const name = basename(archive);
  const begun = performance.now();
  let told = 0;
  const tellTo = (end: number): void => {
    for (; told < Math.min(end, entries.length); told++) {
      const { path, type, size } = entries[told] ?? {};
      logger.debug(type === "directory" ? "a folder" : "a file", { gameId, archive: name, path, size });
    }
  };
  logger.info("an archive is unpacked", {
    ...{ gameId, archive: name, entries: entries.length, bytes: unpackedBytes, solid },
    ...(volumes.length > 1 ? { volumes: volumes.length } : {}),
  });
  return {
    progress: ({ doneEntries }) => tellTo(doneEntries + 1),
    finished: (files) => {
      tellTo(entries.length);
      const elapsedMs = Math.round(performance.now() - begun);
      logger.info("the archive is unpacked", {
        gameId,
        archive: name,
        files,
        bytes: unpackedBytes,
        elapsedMs,
      });
    },
    failed: (error, signal) => tellUnpackFailure(parent, gameId, archive, error, signal),
  };
}

/** Tells that an archive cannot be listed or unpacked; where the signal is aborted, that this is why. */
export function tellUnpackFailure(
  parent: Logger,
  gameId: string,
  archive: string,
  error: unknown,
  signal?: AbortSignal,
): void {
  const logger = parent.child(UNPACK_LOGGER);
  const { code, message, hint } = toPeerError(error);
  const fields = { gameId, archive: basename(archive) };
  if (signal?.aborted === true || code === "cancelled") logger.info("the unpacking was cancelled", fields);
  else logger.error("the archive cannot be unpacked", { ...fields, code, reason: message, hint });
}

import { silentLogger, UNPACK_LOGGER } from "../logger.ts";
import { copyFileInto } from "./copy-file.ts";
import type { InstallOptions } from "./install.ts";
import type { InstallSource } from "./payload.ts";
import { requireSpace } from "./space.ts";
import { tellUnpacking } from "./tell-unpacking.ts";
import type { UnpackedFile } from "./types.ts";

export interface FillOptions
  extends Pick<InstallOptions, "gameId" | "root" | "unpacker" | "signal" | "onProgress" | "logger"> {
  /** Absolute path of the directory that is filled. */
  readonly staging: string;
  readonly source: InstallSource;
}

/** Makes in staging what is to become `local/`. Returns its files, each path once. */
export function fillStaging(options: FillOptions): Promise<readonly UnpackedFile[]> {
  return options.source.kind === "archives"
    ? unpackArchives(options, options.source)
    : copyFiles(options, options.source);
}

async function unpackArchives(
  { gameId, staging, unpacker, signal, onProgress, logger = silentLogger }: FillOptions,
  { archives, bytes }: InstallSource & { kind: "archives" },
): Promise<readonly UnpackedFile[]> {
  const files = new Map<string, UnpackedFile>();
  let before = 0;
  for (const { path, listing } of archives) {
    const told = tellUnpacking(logger, gameId, path, listing);
    const unpacked = await unpacker
      .unpack({
        archive: path,
        into: staging,
        ...(signal === undefined ? {} : { signal }),
        onProgress: (progress) => {
          told.progress(progress);
          onProgress?.({
            phase: "unpacking",
            doneBytes: before + progress.doneBytes,
            totalBytes: bytes,
          });
        },
      })
      .catch((error: unknown) => {
        told.failed(error, signal);
        throw error;
      });
    told.finished(unpacked.length);
    for (const file of unpacked) files.set(file.path, file);
    before += listing.unpackedBytes;
  }
  return [...files.values()];
}

async function copyFiles(
  { gameId, root, staging, signal, onProgress, logger = silentLogger }: FillOptions,
  { files, bytes }: InstallSource & { kind: "files" },
): Promise<readonly UnpackedFile[]> {
  const log = logger.child(UNPACK_LOGGER);
  log.info("there is no archive: the files are copied", { gameId, files: files.length, bytes });
  const copied: UnpackedFile[] = [];
  let done = 0;
  const report = (): void => onProgress?.({ phase: "copying", doneBytes: done, totalBytes: bytes });
  for (const { path, size } of files) {
    signal?.throwIfAborted();
    report();
    log.debug("a file", { gameId, path, size });
    copied.push(
      await copyFileInto({
        from: root,
        to: staging,
        path,
        size,
        ...(signal === undefined ? {} : { signal }),
        // A disk that cannot share blocks needs room for all that is left.
        ...(copied.length === 0 ? { beforeWriting: () => requireSpace(staging, bytes) } : {}),
        onBytes: (count) => {
          done += count;
          report();
        },
      }),
    );
  }
  log.info("the files are copied", { gameId, files: copied.length, bytes });
  return copied;
}

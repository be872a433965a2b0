/** One entry of an archive, as the archive describes it. */
export interface ArchiveEntry {
  /** Relative to where it is unpacked, `/` between components. Checked: it is safe to create. */
  readonly path: string;
  readonly type: "file" | "directory";
  /** Bytes when unpacked; 0 for a directory. */
  readonly size: number;
  /** Last change in milliseconds since 1970-01-01 UTC; null where the archive does not say. */
  readonly mtime: number | null;
}

/** What an archive holds. */
export interface ArchiveListing {
  /** Whether entries can only be unpacked one after the other, from the first. */
  readonly solid: boolean;
  /** In the archive's order. */
  readonly entries: readonly ArchiveEntry[];
  /** Bytes of all its files, unpacked. */
  readonly unpackedBytes: number;
  /** Absolute paths of the files that make up the archive, the first volume first. */
  readonly volumes: readonly string[];
}

/** How far an {@link Unpacker} is with one archive. */
export interface UnpackProgress {
  /** Path of the entry that is being unpacked. */
  readonly entry: string;
  /** Entries that are complete. */
  readonly doneEntries: number;
  readonly totalEntries: number;
  /** Bytes written. */
  readonly doneBytes: number;
  /** Bytes of all files of the archive. */
  readonly totalBytes: number;
}

export interface UnpackOptions {
  /** Absolute path of the archive; of a set of volumes, of the first one. */
  readonly archive: string;
  /** Absolute path of an existing directory that nobody else writes to. */
  readonly into: string;
  readonly signal?: AbortSignal;
  /** Called at the beginning of each entry and every few MiB. */
  readonly onProgress?: (progress: UnpackProgress) => void;
}

/** A file that was written to disk. */
export interface UnpackedFile {
  /** Relative, `/` between components. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** CRC-32 (IEEE 802.3) of the bytes that were written, unsigned; that of an empty file is 0. */
  readonly crc32: number;
  /** Last change in milliseconds since 1970-01-01 UTC. */
  readonly mtime: number;
}

/**
 * What the content of an archive is handed to, in the archive's order. Every promise is waited for before the next call,
 * so a sink that takes its time stops the unpacking, and one that rejects ends it.
 */
export interface EntrySink {
  /** A directory of its own entry. Those that only files name are not told. */
  directory(entry: { readonly path: string }): Promise<void>;
  /**
   * A file begins, and exactly `size` bytes follow. The time is in milliseconds since 1970-01-01 UTC; where the archive
   * has none it is now.
   */
  fileBegin(entry: { readonly path: string; readonly size: number; readonly mtime: number }): Promise<void>;
  /** Bytes of the file that has begun: never none, and at most 1 MiB. They are other bytes once it has resolved. */
  bytes(chunk: Uint8Array): Promise<void>;
  /** All bytes of the file have come and passed the archive's checksum. `crc32` is that of {@link UnpackedFile}. */
  fileEnd(entry: { readonly crc32: number }): Promise<void>;
}

export interface StreamOptions {
  /** Absolute path of the archive; of a set of volumes, of the first one. */
  readonly archive: string;
  readonly signal?: AbortSignal;
  readonly sink: EntrySink;
}

/** What a sink has got. */
export interface StreamTotals {
  readonly files: number;
  /** Bytes of all files. */
  readonly bytes: number;
}

/**
 * Reads archives. It is injected, so that a host may use another program; {@link createUnrarJsUnpacker} is the default.
 *
 * Every unpacker keeps these promises: a set of volumes is one archive; every name passes the rules for paths before
 * anything is created; links and devices are refused; nothing is created outside of `into`; every byte passed the
 * archive's checksum; memory does not grow with sizes.
 *
 * All of it rejects with a PeerError that names archive and entry: `archive-damaged`, `archive-password`,
 * `archive-missing-volume`, `archive-truncated`, `archive-unsafe-path`, `archive-unsupported`, `disk-full` and others
 * of the disk, `cancelled`.
 */
export interface Unpacker {
  list(archive: string, options?: { readonly signal?: AbortSignal }): Promise<ArchiveListing>;
  /**
   * Unpacks a whole archive. A file that is in the way is replaced: a later archive may bring a newer one. What was
   * written before a failure stays: `into` is for the caller to clear. Nothing is flushed.
   *
   * @returns the files in the archive's order.
   */
  unpack(options: UnpackOptions): Promise<readonly UnpackedFile[]>;
  /**
   * One sequential pass over a whole archive, without a temporary file, which a solid archive needs anyway. All names are
   * checked before the sink hears of the first. A checksum is known only behind the last byte: a sink that was given
   * bytes of a file without its end has to throw them away.
   *
   * It rejects with what the sink rejects with as well. When it has ended the sink is called no more; a call that has
   * not come back when the signal is aborted is not waited for.
   */
  stream(options: StreamOptions): Promise<StreamTotals>;
}

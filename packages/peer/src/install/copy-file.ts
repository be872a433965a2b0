import { constants } from "node:fs";
import { copyFile, type FileHandle, mkdir, open, rm, utimes } from "node:fs/promises";
import { dirname, join } from "node:path";
import { crc32 } from "node:zlib";
import { errnoOf, fromNodeError, PeerError } from "../errors/index.ts";
import { STAT_BLOCK_BYTES } from "../storage/index.ts";
import { COPY_BYTES, DIRECTORY_MODE, HOLE_BYTES } from "./constants.ts";
import type { UnpackedFile } from "./types.ts";

/** Never through a link, and never waiting for the other end of a pipe. */
const READ_SAFELY = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** What file systems say that cannot share blocks between files, or not between these two. */
const CANNOT_CLONE = new Set(["ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EXDEV", "EINVAL", "ENOTTY", "EPERM"]);

export interface CopyOptions {
  /** Absolute path of the directory that the file is copied from. */
  readonly from: string;
  /** Absolute path of the directory that the file is copied to. */
  readonly to: string;
  /** Path below both. */
  readonly path: string;
  /** Path of the copy, where it is another one. */
  readonly as?: string;
  /** Bytes that the file must have. */
  readonly size: number;
  readonly signal?: AbortSignal;
  /** Called where the file cannot share its blocks with the copy, before anything is written. */
  readonly beforeWriting?: () => Promise<void>;
  /** Bytes that were read, after every few MiB. */
  readonly onBytes?: (bytes: number) => void;
}

/**
 * Copies one file, with its time and mode. Where the file system can share blocks (btrfs, XFS, APFS, ReFS) it takes no
 * space; the file is read in any case, for its checksum. Elsewhere what is sparse stays so.
 *
 * @throws PeerError of the disk, naming the file; `verification` when somebody changes the file meanwhile. An abort of
 *   the signal is thrown as it is.
 */
export async function copyFileInto(options: CopyOptions): Promise<UnpackedFile> {
  const { from, to, path, as = path, size, signal } = options;
  const [source, target] = [join(from, path), join(to, as)];
  await mkdir(dirname(target), { recursive: true, mode: DIRECTORY_MODE }).catch((error: unknown) => {
    throw fromNodeError(error, dirname(target));
  });
  await using file = await open(source, READ_SAFELY).catch((error: unknown) => {
    throw fromNodeError(error, source);
  });
  const stats = await file.stat();
  if (!stats.isFile() || stats.size !== size) throw changed(source);
  const cloned = await clone(source, target);
  if (!cloned) await options.beforeWriting?.();
  // A clone may be read-only already.
  await using copy = await open(target, cloned ? "r" : "wx", stats.mode & 0o777).catch((error: unknown) => {
    throw fromNodeError(error, target);
  });
  if (cloned && (await copy.stat()).size !== size) throw changed(source);
  // A clone is checked as it is now: the source may have been another file when it was cloned.
  const reading = cloned ? copy : file;
  const sparse = stats.blocks * STAT_BLOCK_BYTES < size;
  const buffer = Buffer.allocUnsafe(Math.min(COPY_BYTES, Math.max(size, 1)));
  let crc = 0;
  for (let position = 0; position < size; ) {
    signal?.throwIfAborted();
    const wanted = Math.min(buffer.length, size - position);
    const { bytesRead } = await reading.read(buffer, 0, wanted, position).catch((error: unknown) => {
      throw fromNodeError(error, source);
    });
    if (bytesRead === 0) throw changed(source);
    const bytes = buffer.subarray(0, bytesRead);
    if (!cloned) {
      const runs = sparse ? dataRuns(bytes) : [{ start: 0, end: bytes.length }];
      for (const { start, end } of runs) {
        await writeAll(copy, bytes.subarray(start, end), position + start, target);
      }
    }
    crc = crc32(bytes, crc);
    position += bytesRead;
    options.onBytes?.(bytesRead);
  }
  const after = await file.stat();
  if (after.size !== size || after.mtimeMs !== stats.mtimeMs) throw changed(source);
  // What it ends with may be a hole.
  if (sparse && !cloned) await copy.truncate(size);
  await utimes(target, stats.atime, stats.mtime);
  return { path, size, crc32: crc, mtime: Math.round(stats.mtimeMs) };
}

async function clone(source: string, target: string): Promise<boolean> {
  try {
    await copyFile(source, target, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE_FORCE);
    return true;
  } catch (error) {
    if (!CANNOT_CLONE.has(errnoOf(error) ?? "")) throw fromNodeError(error, target);
    // What failed may have left an empty file.
    await rm(target, { force: true });
    return false;
  }
}

/** Where bytes are not zero, to {@link HOLE_BYTES}: the rest need not be written into a new file. */
function dataRuns(bytes: Buffer): readonly { readonly start: number; readonly end: number }[] {
  const runs: { start: number; end: number }[] = [];
  for (let start = 0; start < bytes.length; start += HOLE_BYTES) {
    const end = Math.min(start + HOLE_BYTES, bytes.length);
    if (bytes.subarray(start, end).equals(ZEROS.subarray(0, end - start))) continue;
    const last = runs.at(-1);
    if (last?.end === start) last.end = end;
    else runs.push({ start, end });
  }
  return runs;
}

const ZEROS = new Uint8Array(HOLE_BYTES);

async function writeAll(file: FileHandle, bytes: Uint8Array, position: number, path: string): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file
      .write(bytes, done, bytes.length - done, position + done)
      .catch((error: unknown) => {
        throw fromNodeError(error, path);
      });
    done += bytesWritten;
  }
}

function changed(path: string): PeerError {
  return new PeerError("verification", `${path} was changed while it was installed`);
}

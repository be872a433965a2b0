import { randomUUID } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fromNodeError } from "../errors/index.ts";
import { flushDirectory } from "./flush.ts";

export interface WriteFileOptions {
  /** Mode of the new file. Default 0o644, less the process's umask. */
  readonly mode?: number;
  /**
   * The directory is not lanspread's own: the temporary file gets a name that nobody else has, so that no file of the user's
   * and no other process's write is in its way. What an interrupted write leaves behind stays there.
   */
  readonly isForeign?: boolean;
}

/** Writes that are under way: two writes of one path go one after the other. */
const running = new Map<string, Promise<void>>();

/** The temporary name that {@link writeFileDurably} uses for `path`: `.NAME.tmp` in the same directory. */
export function temporaryNameOf(path: string): string {
  return join(dirname(path), `.${basename(path)}.tmp`);
}

function uniqueNameBeside(path: string): string {
  return join(dirname(path), `.lanspread-${randomUUID()}.tmp`);
}

/**
 * Writes a file so that whatever happens (a kill, a power cut, a full disk) `path` holds either its old content or
 * the new one, whole: temporary file in the same directory, flush, rename, flush of the directory.
 *
 * When it resolves, the content survives a power cut. The temporary name is always the same for one path (unless the directory is
 * foreign), so what an interrupted write left behind is replaced by the next one. Nothing is ever written through a link that lies at the
 * temporary name.
 *
 * @throws PeerError `disk-full`, `no-permission`, `no-such-file` and others of the file system, naming `path`.
 */
export function writeFileDurably(
  path: string,
  data: string | Uint8Array,
  options: WriteFileOptions = {},
): Promise<void> {
  const before = running.get(path);
  const write = before === undefined ? replace(path, data, options) : before.then(next, next);
  function next(): Promise<void> {
    return replace(path, data, options);
  }
  running.set(path, write);
  const forget = (): void => {
    if (running.get(path) === write) running.delete(path);
  };
  write.then(forget, forget);
  return write;
}

async function replace(path: string, data: string | Uint8Array, options: WriteFileOptions): Promise<void> {
  const temporary = options.isForeign === true ? uniqueNameBeside(path) : temporaryNameOf(path);
  try {
    if (options.isForeign !== true) await rm(temporary, { force: true });
    // "wx" refuses to follow a link that somebody put there after the removal.
    const file = await open(temporary, "wx", options.mode ?? 0o644);
    try {
      await file.writeFile(data);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await flushDirectory(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw fromNodeError(error, path);
  }
}

import { randomUUID } from "node:crypto";
import {
  closeSync,
  constants,
  copyFileSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { threadId } from "node:worker_threads";
import { QuicUnavailableError } from "./errors.ts";

/**
 * Runs `load` so that a native addon that it loads is a copy of its file, which no other thread has loaded.
 *
 * The native QUIC library keeps in static memory which thread loaded it first and which one last (napi-rs 2.10, `CUSTOM_GC_TSFN`):
 * a third thread that uses it frees its buffers in the last one, which ends the process. The system takes another file for another
 * library, with static memory of its own.
 *
 * @throws QuicUnavailableError where the place for temporary files takes no copy, or lets none be run; what `load` throws
 */
export async function withOwnCopies<T>(load: () => Promise<T>): Promise<T> {
  const { dlopen } = process;
  let unusable: QuicUnavailableError | undefined;
  process.dlopen = (module: object, filename: string, flags?: number) => {
    try {
      using copy = copyOf(filename);
      if (flags === undefined) dlopen.call(process, module, copy.path);
      else dlopen.call(process, module, copy.path, flags);
    } catch (error) {
      unusable = unusableCopy(error);
      throw unusable;
    }
  };
  try {
    return await load();
  } catch (error) {
    // Who loads may have another error in its place.
    throw unusable ?? error;
  } finally {
    process.dlopen = dlopen;
  }
}

function unusableCopy(cause: unknown): QuicUnavailableError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new QuicUnavailableError(
    `a thread cannot use QUIC: a copy of the native library in ${tmpdir()} cannot be made or loaded (${why}). Let TMPDIR name a directory that can be written to and run from`,
    { cause },
  );
}

interface FileCopy extends Disposable {
  readonly path: string;
}

/** A copy that may be disposed of as soon as it is loaded. */
function copyOf(filename: string): FileCopy {
  if (process.platform === "linux") return namelessCopyOf(filename);
  if (process.platform === "win32") return { path: lastingCopyOf(filename), [Symbol.dispose]: () => {} };
  const directory = mkdtempSync(join(tmpdir(), "lanspread-quic-"));
  const dispose = (): void => rmSync(directory, { recursive: true, force: true });
  const path = join(directory, "library.node");
  try {
    copyFileSync(filename, path);
  } catch (error) {
    dispose();
    throw error;
  }
  return { path, [Symbol.dispose]: dispose };
}

/** What ends this process while it copies or loads leaves no file behind. */
function namelessCopyOf(filename: string): FileCopy {
  const file = openNamelessFile(tmpdir());
  const dispose = (): void => closeSync(file);
  const path = ownPathOf(file, threadId);
  try {
    copyFileSync(filename, path);
  } catch (error) {
    dispose();
    throw error;
  }
  return { path, [Symbol.dispose]: dispose };
}

/**
 * Linux's O_TMPFILE without O_DIRECTORY, which it goes with (open(2)); Node.js names the second alone. The number is the same on all
 * processors that Node.js runs on.
 */
const LINUX_TEMPORARY_FILE = 0o20000000;

/** A file that has never had a name, or, on a file system that knows no such files, one whose name is gone before its first byte is there. */
function openNamelessFile(directory: string): number {
  try {
    return openSync(directory, constants.O_RDWR | constants.O_DIRECTORY | LINUX_TEMPORARY_FILE, 0o700);
  } catch (error) {
    if (!isUnsupported(error)) throw error;
  }
  const name = join(directory, `lanspread-quic-${randomUUID()}`);
  const file = openSync(name, "wx", 0o700);
  try {
    unlinkSync(name);
  } catch (error) {
    closeSync(file);
    throw error;
  }
  return file;
}

/** As file systems (EOPNOTSUPP) and systems before Linux 3.11 (EISDIR) say that there are no files without a name. */
function isUnsupported(error: unknown): boolean {
  return (
    error instanceof Error && "code" in error && (error.code === "EOPNOTSUPP" || error.code === "EISDIR")
  );
}

/**
 * A path of an open file that no other thread of the process has for one. The loader takes a path that it has loaded once for the same
 * library, and numbers of files come again: steps that lead nowhere say the number of the thread, which does not.
 */
export function ownPathOf(file: number, thread: number): string {
  const steps = [...thread.toString(2)].map((bit) => (bit === "1" ? "./" : "/"));
  return `/proc/self/fd/${steps.join("")}${file}`;
}

/** Windows removes no file that is loaded: there is one for each thread of a process, and it is used again. */
function lastingCopyOf(filename: string): string {
  const path = join(tmpdir(), `lanspread-quic-${threadId}.node`);
  const bytes = readFileSync(filename);
  if (!isSame(path, bytes)) writeFileSync(path, bytes);
  return path;
}

function isSame(path: string, bytes: Buffer): boolean {
  try {
    return readFileSync(path).equals(bytes);
  } catch {
    return false;
  }
}

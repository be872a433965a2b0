import { constants } from "node:fs";
import { type FileHandle, mkdir, open, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { errnoOf, fromNodeError } from "../../errors/index.ts";
import { DIRECTORY_MODE, EXECUTABLE_MODE, FILE_MODE } from "../constants.ts";
import { fileTime } from "../file-time.ts";
import type { UnpackedFile } from "../types.ts";
import type { ApprovedEntry } from "../unrar/messages.ts";
import { SMALL_FILE_BYTES, SMALL_FILES_AT_ONCE } from "./constants.ts";
import type { EntryTarget } from "./cut-entries.ts";

/** A file that does not exist yet, never through a link. */
const CREATE_SAFELY = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);

/** Files below a directory. Whoever made it disposes of it: then nothing is written and nothing is open any more. */
export interface DiskTarget extends EntryTarget, AsyncDisposable {
  /** Waits for the last of the files. Called once, when all have come. @returns them in their order. */
  finish(): Promise<readonly UnpackedFile[]>;
}

/** What is known of a file while its content comes. */
interface Coming {
  readonly entry: ApprovedEntry;
  /** Absolute. */
  readonly path: string;
  readonly mtime: number;
}

/**
 * Writes large files as their bytes come. Small ones are kept until they are complete and written side by side: most of
 * their time is the way to the disk and back, four times for each.
 *
 * @throws PeerError of the disk from each of its calls, naming the file; that of a small file from a later call.
 */
export function createDiskTarget(into: string): DiskTarget {
  const files: UnpackedFile[] = [];
  /** Directories that are there for sure. */
  const made = new Set<string>([into]);
  const writing = new Set<Promise<void>>();
  let failure: { readonly error: unknown } | undefined;
  let coming: Coming | undefined;
  let large: FileHandle | undefined;
  let small: Buffer[] = [];

  const makeDirectory = async (path: string): Promise<void> => {
    if (made.has(path)) return;
    await naming(path, () => mkdir(path, { recursive: true, mode: DIRECTORY_MODE }));
    made.add(path);
  };
  const current = (): Coming => {
    if (coming === undefined) throw new Error("there are bytes without a file");
    return coming;
  };
  const leaveIfFailed = (): void => {
    if (failure !== undefined) throw failure.error;
  };
  const writeBeside = async (work: Promise<void>): Promise<void> => {
    const settled: Promise<void> = work
      .catch((error: unknown) => {
        failure ??= { error };
      })
      .then(() => void writing.delete(settled));
    writing.add(settled);
    if (writing.size >= SMALL_FILES_AT_ONCE) await Promise.race(writing);
  };

  return {
    async directory({ path }) {
      leaveIfFailed();
      await makeDirectory(join(into, path));
    },
    async begin(entry, mtime) {
      leaveIfFailed();
      const path = join(into, entry.path);
      await makeDirectory(dirname(path));
      const next = { entry, path, mtime };
      if (entry.size > SMALL_FILE_BYTES) large = await naming(path, () => openNew(next));
      coming = next;
    },
    async bytes(chunk) {
      const { path } = current();
      const file = large;
      if (file === undefined) small.push(Buffer.from(chunk));
      else await naming(path, () => writeAll(file, chunk));
    },
    async end(crc32) {
      const done = current();
      const { path, entry, mtime } = done;
      files.push({ path: entry.path, size: entry.size, mtime, crc32 });
      const [file, content] = [large, small];
      coming = undefined;
      large = undefined;
      small = [];
      if (file === undefined) await writeBeside(naming(path, () => writeSmall(done, content)));
      else await naming(path, () => complete(file, mtime));
    },
    async finish() {
      await Promise.all(writing);
      leaveIfFailed();
      return files;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(writing);
      await large?.close();
      large = undefined;
    },
  };
}

async function writeSmall(coming: Coming, content: readonly Buffer[]): Promise<void> {
  const file = await openNew(coming);
  try {
    for (const chunk of content) await writeAll(file, chunk);
  } catch (error) {
    await file.close();
    throw error;
  }
  await complete(file, coming.mtime);
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    done += (await file.write(bytes, done, bytes.length - done)).bytesWritten;
  }
}

/** Sets the time of a file and closes it, in any case. */
async function complete(file: FileHandle, mtime: number): Promise<void> {
  try {
    const changed = fileTime(mtime);
    await file.utimes(changed, changed);
  } finally {
    await file.close();
  }
}

/** Opens a file that is not there; one that an earlier archive brought is replaced. */
async function openNew({ path, entry }: Coming): Promise<FileHandle> {
  const mode = entry.executable ? EXECUTABLE_MODE : FILE_MODE;
  try {
    return await open(path, CREATE_SAFELY, mode);
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw error;
    await rm(path);
    return await open(path, CREATE_SAFELY, mode);
  }
}

async function naming<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw fromNodeError(error, path);
  }
}

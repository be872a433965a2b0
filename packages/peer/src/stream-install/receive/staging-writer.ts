import { constants } from "node:fs";
import { type FileHandle, mkdir, open, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { crc32 } from "node:zlib";
import { errnoOf, fromNodeError } from "../../errors/index.ts";
import { DIRECTORY_MODE, FILE_MODE } from "../../install/constants.ts";
import { fileTime, storableTime } from "../../install/file-time.ts";
import type { UnpackedFile } from "../../install/index.ts";
import { SinkError } from "../../transfer/index.ts";
import { FILES_IN_FLIGHT, WRITE_BUFFER_BYTES, WRITE_BUFFERS } from "./constants.ts";
import { createPool, type Pool } from "./pool.ts";

/** A file that does not exist yet, never through a link. */
const CREATE_SAFELY = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);

/**
 * Writes files below a directory that nobody else writes to, one announced after the other. Buffers are written while the
 * next one fills, and small files are made several at once; who brings more than the disk takes waits in {@link room}.
 *
 * Call order: {@link directory} and {@link begin} in any order; behind `begin` {@link room} and {@link filled} until the file
 * has its bytes, then {@link end}. {@link settle} before a file comes anew, and when everything has come; {@link close} in any case.
 *
 * What is awaited rejects with a SinkError whose cause is a PeerError of the disk that names the file.
 */
export class StagingWriter {
  readonly #staging: string;
  readonly #onWritten: () => void;
  readonly #buffers: Pool<Buffer>;
  readonly #places: Pool<null>;
  readonly #made: Set<string>;
  readonly #under = new Set<Promise<void>>();
  #current: ArrivingFile | null = null;
  #failure: SinkError | null = null;

  /**
   * @param staging absolute path of the directory
   * @param onWritten called whenever the disk has taken something
   */
  constructor(staging: string, onWritten: () => void = () => {}) {
    this.#staging = staging;
    this.#onWritten = onWritten;
    this.#made = new Set([staging]);
    this.#buffers = createPool(WRITE_BUFFERS, () => Buffer.allocUnsafeSlow(WRITE_BUFFER_BYTES));
    this.#places = createPool(FILES_IN_FLIGHT, () => null);
  }

  async directory(path: string): Promise<void> {
    await this.#makeDirectory(join(this.#staging, path));
  }

  /** @param mtime milliseconds since 1970 */
  async begin(path: string, mtime: number): Promise<void> {
    const absolute = join(this.#staging, path);
    await this.#makeDirectory(dirname(absolute));
    await this.#places.take();
    this.#throwFailure();
    this.#current = {
      path,
      absolute,
      mtime: storableTime(mtime),
      crc: 0,
      position: 0,
      buffer: null,
      filled: 0,
      opened: null,
      writes: new Set(),
    };
  }

  /** Where the next bytes of the file go; waits until the disk has taken enough of what came before. Never empty. */
  async room(): Promise<Uint8Array> {
    const file = this.#running();
    file.buffer ??= await this.#buffers.take();
    this.#throwFailure();
    return file.buffer.subarray(file.filled);
  }

  /** So many bytes of the {@link room} have come. */
  filled(count: number): void {
    const file = this.#running();
    if (file.buffer === null) throw new Error("bytes without room");
    file.crc = crc32(file.buffer.subarray(file.filled, file.filled + count), file.crc);
    file.filled += count;
    if (file.filled === file.buffer.length) this.#write(file);
  }

  /** All bytes of the file have come. It is written and closed in the background. */
  end(): UnpackedFile {
    const file = this.#running();
    this.#write(file);
    this.#current = null;
    this.#background(this.#close(file).finally(() => this.#places.give(null)));
    const { path, position: size, crc, mtime } = file;
    return { path, size, crc32: crc, mtime };
  }

  /** Resolves when everything so far is written: an archive or the stream ends. Nothing is flushed. */
  async settle(): Promise<void> {
    await Promise.all(this.#under);
    this.#throwFailure();
  }

  /** Resolves when nothing is under way and nothing open any more. Never rejects. */
  async close(): Promise<void> {
    const file = this.#current;
    this.#current = null;
    if (file !== null && file.opened !== null) this.#background(this.#close(file));
    await Promise.all(this.#under);
  }

  #running(): ArrivingFile {
    if (this.#current === null) throw new Error("no file is being written");
    return this.#current;
  }

  /** Begins to write what is in the buffer, behind what came before. */
  #write(file: ArrivingFile): void {
    const { buffer, filled: length, position } = file;
    if (buffer === null) return;
    file.buffer = null;
    file.filled = 0;
    file.position += length;
    const write = async (): Promise<void> => {
      try {
        await writeAll(await this.#open(file), buffer.subarray(0, length), position);
        this.#onWritten();
      } finally {
        this.#buffers.give(buffer);
      }
    };
    const written = write()
      .catch((error: unknown) => this.#fail(error, file.absolute))
      .finally(() => file.writes.delete(written));
    file.writes.add(written);
    this.#background(written);
  }

  #open(file: ArrivingFile): Promise<FileHandle> {
    file.opened ??= openNew(file.absolute);
    return file.opened;
  }

  /** Waits for the writes of a file, gives it its time and closes it. */
  async #close(file: ArrivingFile): Promise<void> {
    try {
      const handle = await this.#open(file);
      await using _ = handle;
      await Promise.all(file.writes);
      const changed = fileTime(file.mtime);
      await handle.utimes(changed, changed);
    } catch (error) {
      this.#fail(error, file.absolute);
    }
  }

  /** Work that nobody waits for; it never rejects. */
  #background(work: Promise<void>): void {
    this.#under.add(work);
    void work.finally(() => this.#under.delete(work));
  }

  async #makeDirectory(path: string): Promise<void> {
    if (this.#made.has(path)) return;
    this.#throwFailure();
    try {
      await mkdir(path, { recursive: true, mode: DIRECTORY_MODE });
    } catch (error) {
      throw new SinkError(fromNodeError(error, path));
    }
    this.#made.add(path);
  }

  #fail(error: unknown, path: string): void {
    this.#failure ??= new SinkError(fromNodeError(error, path));
  }

  #throwFailure(): void {
    if (this.#failure !== null) throw this.#failure;
  }
}

/** A file whose bytes are coming. */
interface ArrivingFile {
  readonly path: string;
  readonly absolute: string;
  readonly mtime: number;
  crc: number;
  /** Bytes that were handed to the disk. */
  position: number;
  /** What is being filled, and how far. */
  buffer: Buffer | null;
  filled: number;
  opened: Promise<FileHandle> | null;
  /** Those under way. */
  readonly writes: Set<Promise<void>>;
}

/** Opens a file that is not there; one that an earlier archive brought is replaced. */
async function openNew(path: string): Promise<FileHandle> {
  try {
    return await open(path, CREATE_SAFELY, FILE_MODE);
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw error;
  }
  await unlink(path);
  return open(path, CREATE_SAFELY, FILE_MODE);
}

async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}

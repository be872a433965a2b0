import { type FileHandle, open } from "node:fs/promises";
import type { RarFormat } from "./format.ts";
import { isHole } from "./zeros.ts";

/** The file, or the set of volumes, that an archive is written to; position and room are those of the current one. */
export interface ArchiveFiles {
  /** Where the next byte goes, in the current volume. */
  readonly position: number;
  /** Bytes that still fit into the current volume, in front of its last block. Infinity without volumes. */
  readonly room: number;
  /** Size of everything before the current volume, plus the position in it. */
  readonly size: number;
  /** Writes at the position and moves it. */
  append(bytes: Uint8Array): Promise<void>;
  /** Writes over what is there already. */
  overwrite(bytes: Uint8Array, position: number): Promise<void>;
  /** Ends the current volume and begins the next. */
  nextVolume(): Promise<void>;
  /** Ends the archive; cut off by `truncateBytes` and without its last block where that is given. */
  finish(truncateBytes?: number): Promise<void>;
  /** Closes what is open. */
  close(): Promise<void>;
}

export interface VolumeLimit {
  /** Size of each volume but the last, in bytes. */
  readonly bytes: number;
  /** Path of volume `index`, counted from 0. */
  path(index: number): string;
  /** Says that the volumes are called `.rNN`, where the format says that: it is RAR 4 that does. */
  readonly oldNames?: boolean;
}

export async function openArchiveFiles(
  target: string | VolumeLimit,
  format: RarFormat,
  solid: boolean,
): Promise<ArchiveFiles> {
  const isSet = typeof target !== "string";
  const pathOf = (index: number): string => (isSet ? target.path(index) : target);
  const limit = isSet ? target.bytes - format.endBlock(true).length : Number.POSITIVE_INFINITY;
  let volume = 0;
  let finished = 0;
  let position = 0;
  let file: FileHandle = await open(pathOf(0), "w");

  async function begin(): Promise<void> {
    position = 0;
    await append(format.signature);
    await append(
      format.mainBlock({ solid, ...(isSet ? { volume, oldNames: target.oldNames === true } : {}) }),
    );
  }

  async function append(bytes: Uint8Array): Promise<void> {
    await write(file, bytes, position);
    position += bytes.length;
  }

  async function end(): Promise<void> {
    // Holes at the end exist only once the size says so.
    await file.truncate(position);
    await file.close();
    finished += position;
  }

  await begin();
  return {
    get position() {
      return position;
    },
    get room() {
      return limit - position;
    },
    get size() {
      return finished;
    },
    append,
    overwrite: (bytes, at) => write(file, bytes, at),
    async nextVolume() {
      await append(format.endBlock(true));
      await end();
      volume++;
      file = await open(pathOf(volume), "w");
      await begin();
    },
    async finish(truncateBytes) {
      if (truncateBytes === undefined) await append(format.endBlock(false));
      else position -= truncateBytes;
      await end();
    },
    close: () => file.close(),
  };
}

async function write(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  if (isHole(bytes)) return;
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}

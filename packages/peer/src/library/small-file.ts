import { type BigIntStats, closeSync, constants, fstatSync, openSync, readSync } from "node:fs";

/** Never through a link, and never waiting for the other end of a pipe. Windows knows neither. */
export const READ_SAFELY = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

export interface SmallFile {
  /** Of what lies there. */
  readonly stats: BigIntStats;
  /** As many bytes as the state says, as UTF-8; null where it is no regular file, or has more bytes than were asked for. */
  readonly text: string | null;
}

/** Bytes of most small files: what is larger gets room of its own. */
const ROOM_BYTES = 64 * 1024;

/** Where small files are read into: nothing can come between. */
const room = Buffer.allocUnsafeSlow(ROOM_BYTES);

/**
 * Reads a file of at most `maxBytes` without giving way to anybody: for threads that do nothing else. It neither follows a link nor
 * waits for a pipe.
 *
 * @throws what Node says where it cannot be opened or read
 */
export function readSmallFile(path: string, maxBytes: number): SmallFile {
  const descriptor = openSync(path, READ_SAFELY);
  try {
    const stats = fstatSync(descriptor, { bigint: true });
    if (!stats.isFile() || stats.size > maxBytes) return { stats, text: null };
    const bytes = Number(stats.size);
    const buffer = bytes <= ROOM_BYTES ? room : Buffer.allocUnsafeSlow(bytes);
    let length = 0;
    while (length < bytes) {
      const bytesRead = readSync(descriptor, buffer, length, bytes - length, length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return { stats, text: buffer.toString("utf8", 0, length) };
  } finally {
    closeSync(descriptor);
  }
}

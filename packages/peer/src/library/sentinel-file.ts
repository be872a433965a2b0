import { type BigIntStats, closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { open } from "node:fs/promises";
import { errnoOf, fromNodeError } from "../errors/index.ts";
import { MAX_SENTINEL_BYTES } from "./constants.ts";
import type { SentinelFile } from "./look-messages.ts";

/** Never through a link, and never waiting for the other end of a pipe. Windows knows neither. */
const READ_SAFELY = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** One byte more than a sentinel may have: a file that grows in this moment is noticed as too large. */
const ROOM_BYTES = MAX_SENTINEL_BYTES + 1;

/** Reads what lies at `path`, the place of a sentinel. Whatever lies there, it never throws for it. */
export async function readSentinelFile(path: string): Promise<SentinelFile> {
  try {
    await using file = await open(path, READ_SAFELY);
    const stats = await file.stat({ bigint: true });
    const refused = refuseStats(path, stats);
    if (refused !== null) return refused;
    const buffer = Buffer.alloc(ROOM_BYTES);
    let length = 0;
    for (;;) {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length, length);
      length += bytesRead;
      if (bytesRead === 0 || length === buffer.length) break;
    }
    return fromBytes(path, stats, buffer.subarray(0, length));
  } catch (error) {
    return fromError(path, error);
  }
}

/** Where every sentinel is read into that nothing can come between. */
const room = Buffer.allocUnsafeSlow(ROOM_BYTES);

/** The same without giving way to anybody: for the thread that does nothing else. */
export function readSentinelFileSync(path: string): SentinelFile {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, READ_SAFELY);
    const stats = fstatSync(descriptor, { bigint: true });
    const refused = refuseStats(path, stats);
    if (refused !== null) return refused;
    const buffer = room;
    let length = 0;
    for (;;) {
      const bytesRead = readSync(descriptor, buffer, length, buffer.length - length, length);
      length += bytesRead;
      if (bytesRead === 0 || length === buffer.length) break;
    }
    return fromBytes(path, stats, buffer.subarray(0, length));
  } catch (error) {
    return fromError(path, error);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function placeOf({ mtimeNs, size }: BigIntStats): string {
  return `${mtimeNs}:${size}`;
}

function refuseStats(path: string, stats: BigIntStats): SentinelFile | null {
  if (!stats.isFile()) return unfit(placeOf(stats), `${path} is no regular file`);
  if (stats.size <= MAX_SENTINEL_BYTES) return null;
  const warning = `${path} has ${stats.size} bytes, a version.ini has at most ${MAX_SENTINEL_BYTES}`;
  return unfit(placeOf(stats), warning);
}

function fromBytes(path: string, stats: BigIntStats, bytes: Buffer): SentinelFile {
  const place = placeOf(stats);
  return bytes.length > MAX_SENTINEL_BYTES
    ? unfit(place, `${path} grows while it is read`)
    : { status: "read", place, text: bytes.toString("utf8") };
}

function fromError(path: string, error: unknown): SentinelFile {
  switch (errnoOf(error)) {
    case "ENOENT":
      return { status: "missing" };
    case "ELOOP":
    case "EMLINK":
      return unfit("link", `${path} is a link, which is not followed`);
    case "ENXIO":
      return unfit("socket", `${path} is no regular file`);
    default: {
      const { code, message } = fromNodeError(error, path);
      return unfit(code, message);
    }
  }
}

function unfit(stamp: string, warning: string): SentinelFile {
  return { status: "unfit", stamp, warning };
}

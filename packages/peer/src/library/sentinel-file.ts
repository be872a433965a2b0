import type { BigIntStats } from "node:fs";
import { errnoOf, fromNodeError } from "../errors/from-node-error.ts";
import { MAX_SENTINEL_BYTES } from "./constants.ts";
import type { SentinelFile } from "./look-messages.ts";
import { readSmallFile } from "./small-file.ts";

/**
 * Reads what lies at `path`, the place of a sentinel, without giving way to anybody: for the thread that does nothing else. Whatever
 * lies there, it never throws for it.
 */
export function readSentinelFileNow(path: string): SentinelFile {
  try {
    const { stats, text } = readSmallFile(path, MAX_SENTINEL_BYTES);
    return sentinelFileOf(path, stats, text);
  } catch (error) {
    return failedSentinelFile(path, error);
  }
}

/** @param text null where what lies there is no regular file, or too large */
export function sentinelFileOf(path: string, stats: BigIntStats, text: string | null): SentinelFile {
  const place = `${stats.mtimeNs}:${stats.size}`;
  if (text !== null) return { status: "read", place, text };
  const warning = stats.isFile()
    ? `${path} has ${stats.size} bytes, a version.ini has at most ${MAX_SENTINEL_BYTES}`
    : `${path} is no regular file`;
  return unfit(place, warning);
}

/** What an error says of the place of a sentinel. */
export function failedSentinelFile(path: string, error: unknown): SentinelFile {
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

import { open } from "node:fs/promises";
import { MAX_SENTINEL_BYTES } from "./constants.ts";
import type { SentinelFile } from "./look-messages.ts";
import { failedSentinelFile, sentinelFileOf } from "./sentinel-file.ts";
import { READ_SAFELY } from "./small-file.ts";

/** Reads what lies at `path`, the place of a sentinel. Whatever lies there, it never throws for it. */
export async function readSentinelFile(path: string): Promise<SentinelFile> {
  try {
    await using file = await open(path, READ_SAFELY);
    const stats = await file.stat({ bigint: true });
    if (!stats.isFile() || stats.size > MAX_SENTINEL_BYTES) return sentinelFileOf(path, stats, null);
    const buffer = Buffer.alloc(Number(stats.size));
    let length = 0;
    while (length < buffer.length) {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length, length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return sentinelFileOf(path, stats, buffer.toString("utf8", 0, length));
  } catch (error) {
    return failedSentinelFile(path, error);
  }
}

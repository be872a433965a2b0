import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import type { GameVersion } from "@lanspread/proto";
import { errnoOf, fromNodeError } from "../errors/index.ts";
import { SENTINEL_NAME } from "../storage/index.ts";
import { MAX_SENTINEL_BYTES } from "./constants.ts";
import { parseSentinel } from "./sentinel-text.ts";

/** What lies at `version.ini` in a game root. */
export type Sentinel =
  | { readonly status: "missing" }
  | {
      /** There is something, but it does not make the game a downloaded one. */
      readonly status: "invalid";
      /** For the user; names the file. */
      readonly warning: string;
      /** Changes when the file does. */
      readonly stamp: string;
    }
  | { readonly status: "valid" /** Canonical. */; readonly version: GameVersion; readonly stamp: string };

/** Never through a link, and never waiting for the other end of a pipe. Windows knows neither. */
const READ_SAFELY = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/**
 * Reads the sentinel of a game root. Whatever lies there, it never throws for it: only a valid sentinel makes the
 * game a downloaded one, everything else is told.
 */
export async function readSentinel(root: string): Promise<Sentinel> {
  const path = join(root, SENTINEL_NAME);
  try {
    await using file = await open(path, READ_SAFELY);
    const stats = await file.stat({ bigint: true });
    const place = `${stats.mtimeNs}:${stats.size}`;
    if (!stats.isFile()) return invalid(`${path} is no regular file`, place);
    if (stats.size > MAX_SENTINEL_BYTES) {
      return invalid(
        `${path} has ${stats.size} bytes, a version.ini has at most ${MAX_SENTINEL_BYTES}`,
        place,
      );
    }
    // One byte more than it had: a file that grows in this moment is noticed as too large.
    const buffer = Buffer.alloc(MAX_SENTINEL_BYTES + 1);
    let length = 0;
    for (;;) {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length, length);
      length += bytesRead;
      if (bytesRead === 0 || length === buffer.length) break;
    }
    if (length > MAX_SENTINEL_BYTES) return invalid(`${path} grows while it is read`, place);
    const text = buffer.toString("utf8", 0, length);
    const stamp = `${place}:${text}`;
    const parsed = parseSentinel(text);
    return parsed.ok
      ? { status: "valid", version: parsed.version, stamp }
      : invalid(`${path} ${parsed.reason}`, stamp);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return { status: "missing" };
    if (errnoOf(error) === "ELOOP" || errnoOf(error) === "EMLINK") {
      return invalid(`${path} is a link, which is not followed`, "link");
    }
    if (errnoOf(error) === "ENXIO") return invalid(`${path} is no regular file`, "socket");
    const failure = fromNodeError(error, path);
    return invalid(failure.message, failure.code);
  }
}

function invalid(warning: string, stamp: string): Sentinel {
  return { status: "invalid", warning, stamp };
}

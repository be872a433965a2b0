import { join } from "node:path";
import type { GameVersion } from "@lanspread/proto";
import { SENTINEL_NAME } from "../storage/index.ts";
import type { SentinelFile } from "./look-messages.ts";
import { readSentinelFile } from "./read-sentinel-file.ts";
import { parseSentinel } from "./sentinel-text.ts";

/** What lies at `version.ini` in a game root. */
export type Sentinel =
  | { readonly status: "missing" }
  | {
      /** There is something, but it does not make the game a downloaded one. */
      readonly status: "invalid";
      /** For the user; names the file. */
      readonly warning: string;
    }
  | {
      readonly status: "valid";
      /** Canonical. */
      readonly version: GameVersion;
      readonly text: string;
    };

/**
 * Reads the sentinel of a game root. Whatever lies there, it never throws for it: only a valid sentinel makes the
 * game a downloaded one, everything else is told.
 */
export async function readSentinel(root: string): Promise<Sentinel> {
  return sentinelOf(root, await readSentinelFile(join(root, SENTINEL_NAME)));
}

/** Changes when what lies at the place of a root's sentinel does; null where nothing does. */
export function stampOf(file: SentinelFile): string | null {
  if (file.status === "missing") return null;
  return file.status === "unfit" ? file.stamp : `${file.place}:${file.text}`;
}

/** What the file that was read at the place of a root's sentinel makes of the game. */
export function sentinelOf(root: string, file: SentinelFile): Sentinel {
  if (file.status === "missing") return file;
  if (file.status === "unfit") return { status: "invalid", warning: file.warning };
  const parsed = parseSentinel(file.text);
  return parsed.ok
    ? { status: "valid", version: parsed.version, text: file.text }
    : { status: "invalid", warning: `${join(root, SENTINEL_NAME)} ${parsed.reason}` };
}

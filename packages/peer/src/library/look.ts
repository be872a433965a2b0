import { createHash } from "node:crypto";
import { join } from "node:path";
import { isForeignName, isLocalName, isReservedName, LOCAL_NAME, SENTINEL_NAME } from "../storage/index.ts";
import type { RootSight } from "./look-messages.ts";
import { type Sentinel, sentinelOf } from "./sentinel.ts";

/** What one cheap look at a game root shows: one directory listing, and the state of a few files. */
export interface RootLook {
  /** SHA-256, hexadecimal. While it is unchanged, nothing below the root is walked. */
  readonly fingerprint: string;
  readonly sentinel: Sentinel;
  /** Whether `local/` is there, as a directory. */
  readonly installed: boolean;
  readonly warnings: readonly string[];
}

/**
 * What a sight of a game root means. The fingerprint covers `version.ini` (time, size, content), the archives of the root
 * (names, sizes, times), which other names the root has, and whether `local/` is there as a directory.
 */
export function lookOf(root: string, sight: RootSight): RootLook {
  const sentinel = sentinelOf(root, sight.sentinel);
  const installed = sight.local === "directory";
  // Names that are no payload are left out: what happens there changes nothing that is listed.
  const others = sight.others.filter(
    (name) => !isReservedName(name) && !isForeignName(name) && !isLocalName(name),
  );
  const warnings = [
    ...(sentinel.status === "invalid" ? [sentinel.warning] : []),
    ...(sight.local === "other"
      ? [`${join(root, LOCAL_NAME)} is no directory: the game does not count as installed`]
      : []),
    ...others
      .filter((name) => name.toLowerCase() === SENTINEL_NAME)
      .map((name) => `${join(root, name)} is ignored: its name must be ${SENTINEL_NAME}, in lower case`),
  ];
  const stamp = sentinel.status === "missing" ? null : sentinel.stamp;
  const fingerprint = createHash("sha256")
    .update(JSON.stringify(["lanspread-fingerprint", 1, stamp, sight.archives, others, installed]))
    .digest("hex");
  return { fingerprint, sentinel, installed, warnings };
}

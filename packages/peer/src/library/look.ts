import { hash } from "node:crypto";
import { join } from "node:path";
import { isPayloadName, LOCAL_NAME, SENTINEL_NAME } from "../storage/index.ts";
import type { RootSight } from "./look-messages.ts";
import { type Sentinel, sentinelOf, stampOf } from "./sentinel.ts";

/** What one cheap look at a game root shows: one directory listing, and the state of a few files. */
export interface RootLook {
  /** {@link fingerprintOf} the sight. While it is unchanged, nothing below the root is walked. */
  readonly fingerprint: string;
  readonly sentinel: Sentinel;
  /** Whether `local/` is there, as a directory. */
  readonly installed: boolean;
  readonly warnings: readonly string[];
}

/**
 * Changes when the root does, as far as a look can tell: it covers `version.ini` (time, size, content), the archives of the root
 * (names, sizes, times), which other names the root has, and whether `local/` is there as a directory. SHA-256, hexadecimal.
 */
export function fingerprintOf(sight: RootSight): string {
  const stamp = stampOf(sight.sentinel);
  const what = [
    "lanspread-fingerprint",
    1,
    stamp,
    sight.archives,
    payloadNames(sight),
    sight.local === "directory",
  ];
  return hash("sha256", JSON.stringify(what), "hex");
}

/** What a sight of a game root means. */
export function lookOf(root: string, sight: RootSight): RootLook {
  const sentinel = sentinelOf(root, sight.sentinel);
  const warnings = [
    ...(sentinel.status === "invalid" ? [sentinel.warning] : []),
    ...(sight.local === "other"
      ? [`${join(root, LOCAL_NAME)} is no directory: the game does not count as installed`]
      : []),
    ...payloadNames(sight)
      .filter((name) => name.toLowerCase() === SENTINEL_NAME)
      .map((name) => `${join(root, name)} is ignored: its name must be ${SENTINEL_NAME}, in lower case`),
  ];
  return {
    fingerprint: fingerprintOf(sight),
    sentinel,
    installed: sight.local === "directory",
    warnings,
  };
}

/** Names that are no payload are left out: what happens there changes nothing that is listed. */
function payloadNames({ others }: RootSight): readonly string[] {
  return others.filter(isPayloadName);
}

import type { GameVersion } from "@lanspread/proto";
import { expect, it } from "vitest";
import { installAfterDownload } from "../../src/runtime/commands/install-after-download.ts";

const [OLD, NEW] = ["20230101", "20240101"] as GameVersion[] as [GameVersion, GameVersion];

it.each([
  // installed, installedVersion, version, isReplaced, latest
  [false, null, NEW, true, false, "installing"],
  [false, OLD, NEW, false, false, "installing"],
  [true, OLD, NEW, true, true, "updating"],
  [true, OLD, NEW, false, true, "updating"],
  // An update of it has failed before.
  [true, OLD, NEW, false, false, "updating"],
  // The party plays an older one.
  [true, NEW, OLD, true, true, "updating"],
  // The same version with other bytes.
  [true, NEW, NEW, true, true, "updating"],
  [true, NEW, NEW, true, false, "nothing"],
  [true, NEW, NEW, false, true, "nothing"],
  [true, NEW, NEW, false, false, "nothing"],
  // Made by hand, or nobody knows any more.
  [true, null, NEW, true, true, "updating"],
  [true, null, NEW, true, false, "nothing"],
  [true, null, NEW, false, true, "nothing"],
] as const)(
  "what follows a download: installed %s in %s, downloaded %s, new content %s, latest %s: %s",
  (installed, installedVersion, version, isReplaced, latest, next) => {
    expect(installAfterDownload({ installed, installedVersion, version, isReplaced, latest })).toBe(next);
  },
);

import type { GameVersion } from "@lanspread/proto";

export interface DownloadedGame {
  /** Whether there is a `local/`. */
  readonly installed: boolean;
  /** Of the last install; null where nobody knows it. */
  readonly installedVersion: GameVersion | null;
  /** Of the download; null where nobody knows it. */
  readonly version: GameVersion | null;
  /** Whether the download brought something else than what was here. */
  readonly isReplaced: boolean;
  /** Whether the newest was asked for, whatever is here. */
  readonly latest: boolean;
}

/**
 * What follows a download that is to be installed. An install of another version is brought to that of the download. One of
 * the same version, or of nobody knows which, is left alone unless the user asked for the newest and that brought something:
 * an update replaces files that the user may have changed.
 */
export function installAfterDownload(game: DownloadedGame): "installing" | "updating" | "nothing" {
  if (!game.installed) return "installing";
  if (game.latest && game.isReplaced) return "updating";
  const isAnother = game.installedVersion !== null && game.installedVersion !== game.version;
  return isAnother ? "updating" : "nothing";
}

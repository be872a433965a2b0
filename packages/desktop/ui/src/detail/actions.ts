import type { GameVersion, ListedGame } from "@lanspread/proto";
import { actionOf } from "../library/action.ts";

/** What can be done with a game besides the one thing that its card offers. */
export type DetailActionKind =
  /** Starts what is installed, where the card offers an update. */
  | "play"
  /** Installs what is downloaded: over another version, or where the card offers a newer one. */
  | "install-downloaded"
  /** Fetches the files of a game that was installed without storing them, so that others can have it. */
  | "download-too"
  /** Fetches a newer version of such a game. */
  | "update"
  | "stream-install"
  | "start-server"
  | "open-folder"
  | "uninstall"
  | "remove";

/** Why something cannot be done now; a key of the texts. */
export type Hindrance = "busy" | "nobody-has-it" | "installed";

export interface DetailAction {
  readonly kind: DetailActionKind;
  /** Null where it can be done. */
  readonly why: Hindrance | null;
}

/** What is known of a game beyond the list of all games. */
export interface Known {
  /** Null where it is not installed, or nobody knows. */
  readonly installedVersion: GameVersion | null;
  /** Whether the catalog says that the game can host, and its install brings a script for that. */
  readonly canHost: boolean;
}

/** What the page of a game offers below its first action, in this order. What makes no sense for the game is left out. */
export function detailActions(game: ListedGame, known: Known): readonly DetailAction[] {
  const { downloaded, installed, operation, peerCount } = game;
  const busy = operation === null ? null : ("busy" as const);
  const offers: (DetailAction | false)[] = [
    installed && busy === null && actionOf(game).kind !== "play" && { kind: "play", why: null },
    isBehind(game, known) && { kind: "install-downloaded", why: busy },
    installed && !downloaded && { kind: fetches(game, known), why: busy ?? fromOthers(peerCount) },
    !installed && !downloaded && { kind: "stream-install", why: busy ?? fromOthers(peerCount) },
    installed && known.canHost && { kind: "start-server", why: busy },
    (installed || downloaded) && { kind: "open-folder", why: null },
    installed && { kind: "uninstall", why: busy },
    downloaded && { kind: "remove", why: busy ?? (installed ? "installed" : null) },
  ];
  return offers.filter((offer) => offer !== false);
}

/** What a download of an install without its files is: where others have another version it becomes that one. */
function fetches({ version, peerCount }: ListedGame, { installedVersion }: Known): "update" | "download-too" {
  const isOther = peerCount > 0 && installedVersion !== null && version !== installedVersion;
  return isOther ? "update" : "download-too";
}

function fromOthers(peerCount: number): Hindrance | null {
  return peerCount > 0 ? null : "nobody-has-it";
}

/**
 * Whether what is downloaded can be installed, and the card does not offer that: after an update whose install has failed,
 * and before one of what is not installed.
 */
function isBehind(game: ListedGame, { installedVersion }: Known): boolean {
  if (!game.downloaded) return false;
  if (!game.installed) return actionOf(game).kind === "update";
  return installedVersion !== null && installedVersion !== game.localVersion;
}

import { foldCase } from "@lanspread/proto";

/**
 * The names inside a game root that are no payload. This is the only place that knows them: scanners, watchers, servers,
 * planners and clean-ups ask here.
 */

/** The sentinel: a game is downloaded if and only if this is a regular file directly in its root. */
export const SENTINEL_NAME = "version.ini";

/** The installed game. It belongs to the user. */
export const LOCAL_NAME = "local";

/** The sentinel while a download commits. It is also what `writeFileDurably` calls its temporary file. */
export const SENTINEL_TEMPORARY_NAME = ".version.ini.tmp";

/** The old sentinel while a download replaces the game, or a removal deletes it. */
export const SENTINEL_DISCARDED_NAME = ".version.ini.discarded";

/** What an install unpacks into. */
export const INSTALLING_NAME = ".local.installing";

/** The old `local/` during an update or uninstall. */
export const BACKUP_NAME = ".local.backup";

/** The marker inside {@link INSTALLING_NAME} and {@link BACKUP_NAME} that proves that lanspread made them. */
export const OWNED_MARKER_NAME = ".lanspread_owned";

/** The intent log of an older layout. */
const OLD_INTENT_NAME = ".lanspread.json";

/** Names of lanspread's own transactions. */
export const RESERVED_NAMES: readonly string[] = [
  SENTINEL_TEMPORARY_NAME,
  SENTINEL_DISCARDED_NAME,
  INSTALLING_NAME,
  BACKUP_NAME,
  OWNED_MARKER_NAME,
  OLD_INTENT_NAME,
];

/** Names of other programs that share the folder. They are no payload, and every clean-up keeps them. */
export const FOREIGN_NAMES: readonly string[] = [".softlan_game_installed", ".sync"];

/** All of these begin with it, no folding makes or unmakes it, and it is asked of every component of every path. */
const DOT = ".";

const reserved = new Set(RESERVED_NAMES);
const foreign = new Set(FOREIGN_NAMES);

/** Whether a path component is a name of lanspread's own transactions. */
export function isReservedName(component: string): boolean {
  return component.startsWith(DOT) && reserved.has(foldCase(component));
}

/** Whether a direct child of a game root belongs to another program and must be kept. */
export function isForeignName(component: string): boolean {
  return component.startsWith(DOT) && foreign.has(foldCase(component));
}

/** Whether a direct child of a game root is `local`, in any spelling. */
export function isLocalName(component: string): boolean {
  return foldCase(component) === LOCAL_NAME;
}

/** Whether a direct child of a game root may be payload: none of the three above. */
export function isPayloadName(component: string): boolean {
  const folded = foldCase(component);
  return folded !== LOCAL_NAME && !reserved.has(folded) && !foreign.has(folded);
}

/**
 * Whether a path relative to a game root is no payload: under `local/` or a foreign name of the root, or under a
 * reserved name at any depth. Accepts `/` and `\` between components.
 */
export function isReservedOrLocalPath(relativePath: string): boolean {
  const components = relativePath
    .split(/[/\\]/u)
    .filter((component) => component !== "" && component !== ".");
  const first = components[0];
  if (first === undefined) return false;
  return isLocalName(first) || isForeignName(first) || components.some(isReservedName);
}

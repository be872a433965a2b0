const KIB = 1024;

/** Longest player name that games get, characters: those that know a limit have it about here. */
export const MAX_NAME_CHARACTERS = 24;

/** Largest file that is looked into for a player's name, bytes: settings are a few kilobytes. */
export const MAX_SETTINGS_BYTES = 256 * KIB;

/** Files and folders of an installed game that are looked at for such files; a game has some thousand. */
export const MAX_WALKED = 50_000;

/** A file manager that has not failed by then shows the folder, milliseconds. */
export const FILE_MANAGER_MS = 2_000;

/** For so long behind a start the same one is not done again, milliseconds: a double click, or a click of who sees nothing yet. */
export const AGAIN_MS = 2_000;

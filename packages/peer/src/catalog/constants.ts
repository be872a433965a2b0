/** Largest catalog file, in bytes: 10,000 games with descriptions of some thousand characters. It is held in memory. */
export const MAX_CATALOG_BYTES = 64 * 1024 * 1024;

/** Most games of a catalog: the list that everybody holds in memory. */
export const MAX_CATALOG_GAMES = 10_000;

/** Longest description, in UTF-16 units: what a page of a user interface can show. */
export const MAX_TEXT = 20_000;

/** Longest name of a catalog or a genre, in UTF-16 units: what one line can show. */
export const MAX_NAME = 200;

/** This many problems of a file are told at once: enough to correct it in few rounds, few enough to read. */
export const MAX_PROBLEMS = 5;

/** Longest part of a file's text that a message quotes, in UTF-16 units: a hostile file must not fill a terminal. */
export const MAX_QUOTED = 80;

/** No catalog nests deeper than four levels; a scanner that calls itself needs some bound. */
export const MAX_DEPTH = 100;

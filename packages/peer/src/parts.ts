/**
 * Parts of the runtime that work by themselves, for who measures one of them apart from the rest. Hosts use what
 * `index.ts` exports.
 *
 * @module
 */
export { openCatalogForAll } from "./catalog/index.ts";
export { createLibrary, hashPieces, type Library } from "./library/index.ts";
export { Roster } from "./peers/roster.ts";
export { openStateDir } from "./storage/index.ts";

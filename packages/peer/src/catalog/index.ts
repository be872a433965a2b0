/** Which games this party plays. */
export { type BuildCatalogOptions, type BuiltCatalog, buildCatalog } from "./build.ts";
export { type Catalog, createCatalog, openCatalog, openCatalogForAll } from "./catalog.ts";
export type { FailedGame, MeasureProgress } from "./measure.ts";
export type { CatalogEntry } from "./schema.ts";

/** Which games this party plays. */
export { type Catalog, createCatalog, openCatalog, openCatalogForAll } from "./catalog.ts";
export type { CatalogEntry } from "./schema.ts";

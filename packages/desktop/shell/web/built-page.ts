import { fileURLToPath } from "node:url";

/** Where the build puts the page: beside the compiled shell. */
export const BUILT_PAGE = fileURLToPath(
  new URL(import.meta.url.endsWith(".ts") ? "../../dist/page" : "../../page", import.meta.url),
);

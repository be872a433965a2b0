import { fileURLToPath } from "node:url";

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** The repository. */
export const ROOT: string = at("../../..");

/** Where the archives are put. */
export const OUTPUT_DIR: string = at("../../../dist/packages");

/** Packages of other systems, unpacked once. */
export const CACHE_DIR: string = at("../node_modules/.cache/packages");

/** Texts of licences that come with no package. */
export const LICENCES_DIR: string = at("../licences");

export const PINS_FILE: string = at("../pins.json");

export const LOCK_FILE: string = at("../../../pnpm-lock.yaml");

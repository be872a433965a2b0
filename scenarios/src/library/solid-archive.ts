import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Where archives lie that only WinRAR can make, with the files that went into them; by default beside the checkout. */
export const RAR_FIXTURES =
  process.env["LANSPREAD_RAR_FIXTURES"] ??
  fileURLToPath(new URL("../../../../shared/fixtures/rar", import.meta.url));

/** A solid RAR 5 archive of several files, compressed. */
export const SOLID_ARCHIVE = "testfile.rar5.solid.cbr";

/** Why there is no solid archive here; undefined where there is one. */
export function solidArchiveUnavailable(): string | undefined {
  const path = join(RAR_FIXTURES, SOLID_ARCHIVE);
  return existsSync(path) ? undefined : `no ${path}; LANSPREAD_RAR_FIXTURES says where it is`;
}

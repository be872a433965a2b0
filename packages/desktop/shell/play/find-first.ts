import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { MAX_WALKED } from "./constants.ts";

/**
 * Finds the first file of each name below a directory, in alphabetical order, depth first: what is in a folder comes
 * where its name does. Upper and lower case are the same; links are neither found nor followed. Of a folder that cannot be
 * read nothing is found.
 *
 * @param names in lower case
 */
export async function findFirst(directory: string, names: ReadonlySet<string>): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  let walked = 0;
  const walk = async (path: string): Promise<void> => {
    // It may be gone, belong to somebody else, or have a name that is no text.
    const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
    entries.sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const entry of entries) {
      walked += 1;
      if (found.size === names.size || walked > MAX_WALKED) return;
      const name = entry.name.toLowerCase();
      if (entry.isDirectory()) await walk(join(path, entry.name));
      else if (entry.isFile() && names.has(name) && !found.has(name)) found.set(name, join(path, entry.name));
    }
  };
  await walk(directory);
  return found;
}

import { mkdtemp, rename } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Moves a folder of the workspace to where no later run removes it, and returns its new place. It stays until somebody deletes it.
 *
 * @param what for its name, such as `S4`
 */
export async function keepAs(folder: string, what: string): Promise<string> {
  const kept = join(await mkdtemp(join(tmpdir(), "lanspread-scenarios-")), what);
  await rename(folder, kept);
  return kept;
}

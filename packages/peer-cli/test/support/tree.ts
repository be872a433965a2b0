import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** Every file and folder below `root`, sorted; folders end with a slash. */
export async function treeOf(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries
    .map((entry) => {
      const path = join(entry.parentPath, entry.name).slice(root.length + 1);
      return entry.isDirectory() ? `${path}/` : path;
    })
    .sort();
}

/** SHA-256 of every file below `root`, by path; without `local/` where asked. */
export async function digestsOf(
  root: string,
  options: { readonly withoutLocal?: boolean } = {},
): Promise<Record<string, string>> {
  const digests: Record<string, string> = {};
  for (const path of await treeOf(root)) {
    if (path.endsWith("/") || (options.withoutLocal === true && path.startsWith("local/"))) continue;
    digests[path] = createHash("sha256")
      .update(await readFile(join(root, path)))
      .digest("hex");
  }
  return digests;
}

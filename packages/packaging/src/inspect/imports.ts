import { readFile } from "node:fs/promises";
import { isBuiltin } from "node:module";
import { posix } from "node:path";
import type { ShippedFile } from "../app/shipped-file.ts";

/** What our own built files import, statically or when they need it. */
const IMPORT =
  /(?:^|[\s;}])(?:import|export)\b[^"'`;]*?from\s*["']([^"']+)["']|\bimport\s*\(?\s*["']([^"']+)["']/gmu;

/** Files of threads and pages, which are named by their address. */
const OWN_URL = /new URL\(\s*["'](\.[^"']*\.(?:js|mjs|json))["']/gu;

const OWN = /^app\/node_modules\/(?:@lanspread\/[^/]+|lanspread)\//u;

/**
 * What our own files in an archive import and the archive does not have.
 *
 * @param leavesOut packages that this system does without
 */
export async function missingImports(
  files: readonly ShippedFile[],
  leavesOut: readonly string[],
): Promise<readonly string[]> {
  const paths = new Set(files.map(({ path }) => path));
  const faults: string[] = [];
  for (const { path, content } of files) {
    if (!("file" in content) || !OWN.test(path) || !/\.m?js$/u.test(path) || path.includes("/dist/page/"))
      continue;
    const text = await readFile(content.file, "utf8");
    const named = [...text.matchAll(IMPORT)].map((match) => match[1] ?? match[2] ?? "");
    const addresses = [...text.matchAll(OWN_URL)].map((match) => match[1] ?? "");
    for (const name of [...named, ...addresses]) {
      if (isBuiltin(name) || leavesOut.includes(name) || isThere(name, path, paths)) continue;
      faults.push(`${path} imports ${name}, which is not in the archive`);
    }
  }
  return faults;
}

/** Whether a file, or the package that a name leads into, is there. */
function isThere(name: string, from: string, paths: ReadonlySet<string>): boolean {
  if (name.startsWith(".")) return paths.has(posix.join(posix.dirname(from), name));
  const [first = "", second = ""] = name.split("/");
  const packageName = first.startsWith("@") ? `${first}/${second}` : first;
  for (let dir = posix.dirname(from); dir !== "."; dir = posix.dirname(dir)) {
    if (paths.has(`${dir}/node_modules/${packageName}/package.json`)) return true;
  }
  return false;
}

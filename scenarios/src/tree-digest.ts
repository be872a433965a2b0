import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir } from "node:fs/promises";
import { join, relative, sep } from "node:path";

/** Size in bytes and SHA-256 (hex) of one file. */
export interface FileDigest {
  readonly size: number;
  readonly sha256: string;
}

/** Every regular file of a tree by its relative path, `/` between components. */
export type TreeDigest = ReadonlyMap<string, FileDigest>;

/** Reads in pieces of this many bytes: hashing is then bound by SHA-256, not by calls. */
const READ_BYTES = 1_048_576;

/**
 * Digests every regular file below `root`. `skip` is asked for each relative path, directories included, and keeps
 * what it accepts out. Links are listed as files with an empty digest, so that one never passes as equal.
 */
export async function digestTree(
  root: string,
  options: { readonly skip?: (path: string) => boolean; readonly signal?: AbortSignal } = {},
): Promise<TreeDigest> {
  const found = new Map<string, FileDigest>();
  const walk = async (directory: string): Promise<void> => {
    const entries = await readdir(directory, { withFileTypes: true });
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = join(directory, entry.name);
      const name = relative(root, path).split(sep).join("/");
      if (options.skip?.(name) === true) continue;
      if (entry.isDirectory()) await walk(path);
      else if (entry.isFile()) found.set(name, await digestFile(path, options.signal));
      else found.set(name, { size: 0, sha256: "" });
    }
  };
  await walk(root);
  return found;
}

export async function digestFile(path: string, signal?: AbortSignal): Promise<FileDigest> {
  const hash = createHash("sha256");
  let size = 0;
  const stream = createReadStream(path, {
    highWaterMark: READ_BYTES,
    ...(signal === undefined ? {} : { signal }),
  });
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    hash.update(chunk);
    size += chunk.length;
  }
  return { size, sha256: hash.digest("hex") };
}

/** What keeps two trees from being equal, one sentence per file; empty where they are. */
export function differences(expected: TreeDigest, actual: TreeDigest): string[] {
  const found: string[] = [];
  for (const [path, want] of expected) {
    const have = actual.get(path);
    if (have === undefined) found.push(`${path} is missing`);
    else if (have.size !== want.size) found.push(`${path} has ${have.size} bytes instead of ${want.size}`);
    else if (have.sha256 !== want.sha256 || want.sha256 === "") found.push(`${path} has other bytes`);
  }
  for (const path of actual.keys()) if (!expected.has(path)) found.push(`${path} should not be there`);
  return found;
}

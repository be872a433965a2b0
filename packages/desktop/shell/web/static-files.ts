import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { extname, join, sep } from "node:path";

/** A file of the built page. */
export interface StaticFile {
  readonly bytes: Buffer;
  readonly type: string;
  /** Changes with the content (RFC 9110, 8.8.3). */
  readonly etag: string;
  /** Its name changes with its content: a browser need not ask again. */
  readonly isImmutable: boolean;
}

/** By the path that a browser asks for. */
export type StaticFiles = ReadonlyMap<string, StaticFile>;

const TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".webp": "image/webp",
  ".woff2": "font/woff2",
};

/** Where the build puts what has its content's hash in its name. */
const HASHED = "/assets/";

/**
 * Reads the built page into memory: some hundred kilobytes. What is not in the map is not served, so no path leads anywhere
 * else, however it is written.
 *
 * @throws what the file system says; RangeError for a file of a kind that no page has
 */
export async function loadStaticFiles(directory: string): Promise<StaticFiles> {
  const files = new Map<string, StaticFile>();
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const absolute = join(entry.parentPath, entry.name);
    const path = absolute.slice(directory.length).replaceAll(sep, "/");
    const type = TYPES[extname(entry.name)];
    if (type === undefined) throw new RangeError(`${absolute}: no page has files of this kind`);
    const bytes = await readFile(absolute);
    const etag = `"${createHash("sha256").update(bytes).digest("base64url")}"`;
    files.set(path, { bytes, type, etag, isImmutable: path.startsWith(HASHED) });
  }
  const index = files.get("/index.html");
  if (index !== undefined) files.set("/", index);
  return files;
}

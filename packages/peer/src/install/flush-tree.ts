import { constants } from "node:fs";
import { open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { fromNodeError } from "../errors/index.ts";
import { mapLimited } from "../library/map-limited.ts";
import { flushDirectory } from "../storage/index.ts";
import { FLUSHES_AT_ONCE } from "./constants.ts";

/** Windows flushes only what is open for writing. */
const FLAGS =
  (process.platform === "win32" ? constants.O_RDWR : constants.O_RDONLY) | (constants.O_NOFOLLOW ?? 0);

/** Flushes a directory with everything in it: when it resolves, all of it survives a power cut. */
export async function flushTree(directory: string, signal?: AbortSignal): Promise<void> {
  const directories = [directory];
  for (let next = 0; next < directories.length; next++) {
    const parent = directories[next] ?? directory;
    try {
      const entries = await readdir(parent, { withFileTypes: true });
      for (const entry of entries) if (entry.isDirectory()) directories.push(join(parent, entry.name));
      const files = entries.filter((entry) => entry.isFile()).map((entry) => join(parent, entry.name));
      await mapLimited(files, FLUSHES_AT_ONCE, flushFile, signal);
    } catch (error) {
      throw fromNodeError(error, parent);
    }
  }
  await mapLimited(directories, FLUSHES_AT_ONCE, flushDirectory, signal);
}

async function flushFile(path: string): Promise<void> {
  try {
    await using file = await open(path, FLAGS);
    await file.datasync();
  } catch (error) {
    throw fromNodeError(error, path);
  }
}

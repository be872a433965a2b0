import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { FindPackage } from "../app/collect.ts";
import { findInstalled, readManifest } from "../app/package-graph.ts";
import { CACHE_DIR, LOCK_FILE, PINS_FILE, ROOT } from "../places.ts";
import { fetchPackage, integrityOf } from "./fetch-package.ts";
import { type Pin, parsePins, pinsOfLock } from "./pins.ts";

/**
 * Finds packages of one system. What pnpm has installed by the lock file (which it has checked) is taken from there, and so is the
 * Node.js that this project runs on, where its bytes are those that are pinned; everything else comes from the registry.
 */
export async function createPackageFinder(signal?: AbortSignal): Promise<FindPackage> {
  const pins = new Map([
    ...pinsOfLock(await readFile(LOCK_FILE, "utf8")),
    ...parsePins(await readFile(PINS_FILE, "utf8")),
  ]);
  return async (name, near) => {
    const pin = pins.get(name);
    if (pin === undefined)
      throw new Error(`neither the lock file nor the list of pins says which ${name} is meant`);
    const { version } = pin;
    for (const from of near) {
      const dir = findInstalled(name, from);
      if (dir !== null && (await readManifest(dir)).version === version) return { dir, version };
    }
    const dir = (await hasPinnedFiles(ownNode, pin)) ? ownNode : await fetchPackage(pin, CACHE_DIR, signal);
    return { dir, version };
  };
}

/** The Node.js of this project: the install puts it there from the package of this machine's system. */
const ownNode = join(ROOT, "node_modules", "node");

async function hasPinnedFiles(dir: string, { files }: Pin): Promise<boolean> {
  const names = Object.entries(files);
  for (const [path, integrity] of names) {
    const file = join(dir, path);
    if (!existsSync(file) || integrityOf(await readFile(file)) !== integrity) return false;
  }
  return names.length > 0;
}

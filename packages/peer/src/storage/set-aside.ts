import { rename, rm } from "node:fs/promises";
import { fromNodeError } from "../errors/index.ts";

/**
 * Moves a damaged file of the state directory to `<name>.damaged`, replacing one that lies there from an earlier time.
 *
 * @returns the new path
 */
export async function setAside(path: string): Promise<string> {
  const target = `${path}.damaged`;
  try {
    await rm(target, { force: true, recursive: true });
    await rename(path, target);
  } catch (error) {
    throw fromNodeError(error, path);
  }
  return target;
}

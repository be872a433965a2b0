import { existsSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";

const ACCOUNT = "/proc/self/io";

/** Why nobody counts here what a process reads. */
export function timesReadUnavailable(): string | undefined {
  return existsSync(ACCOUNT) ? undefined : "only Linux counts what a process reads";
}

/**
 * How many bytes this process and the children that ended in the meantime read while `work` runs, in units of the size
 * of a file.
 */
export async function timesRead(path: string, work: () => Promise<unknown>): Promise<number> {
  const before = await bytesRead();
  await work();
  return ((await bytesRead()) - before) / (await stat(path)).size;
}

async function bytesRead(): Promise<number> {
  const count = /^rchar: (\d+)$/mu.exec(await readFile(ACCOUNT, "utf8"))?.[1];
  if (count === undefined) throw new Error(`${ACCOUNT} does not tell what was read`);
  return Number(count);
}

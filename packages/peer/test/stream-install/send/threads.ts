import { readdirSync, readlinkSync } from "node:fs";
import { runningThreads } from "../../install/running-threads.ts";

/** Threads of this process that unpack. Linux alone names threads; elsewhere none are seen. */
export function unpackingThreads(): number {
  return runningThreads().filter((name) => name === "lanspread-unrar").length;
}

/** Files below a directory that this process has open. Linux alone tells. */
export function openFilesBelow(directory: string): string[] {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc/self/fd").flatMap((descriptor) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${descriptor}`);
      return path.startsWith(directory) ? [path] : [];
    } catch {
      return [];
    }
  });
}

import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** Threads of this process that unpack. Linux alone names threads; elsewhere none are seen. */
export function unpackingThreads(): number {
  if (process.platform !== "linux") return 0;
  return readdirSync("/proc/self/task").filter((thread) => {
    try {
      return readFileSync(`/proc/self/task/${thread}/comm`, "utf8").trim() === "lanspread-unrar";
    } catch {
      return false; // It has ended meanwhile.
    }
  }).length;
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

import { readFileSync } from "node:fs";

/**
 * The most memory that this process ever had resident, bytes.
 *
 * On Linux it is what the kernel notes of the process's own memory. `resourceUsage().maxRSS` begins with what its parent
 * had when it started it: a child of a large process looks as large from its first moment.
 */
export function peakRssBytes(): number {
  const [, kib] = /^VmHWM:\s*(\d+) kB$/mu.exec(ownStatus()) ?? [];
  return (kib === undefined ? process.resourceUsage().maxRSS : Number(kib)) * 1024;
}

function ownStatus(): string {
  try {
    return readFileSync("/proc/self/status", "utf8");
  } catch {
    // Not Linux.
    return "";
  }
}

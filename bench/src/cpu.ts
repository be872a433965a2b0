import { readFileSync } from "node:fs";

/** USER_HZ of Linux: the same on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100;

/** Seconds of processor time that this process has used on all its threads, in user and system mode. */
export function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** Processor time of all children of this process that have ended (Linux); null elsewhere. */
export function endedChildrenCpuSeconds(): number | null {
  try {
    // proc_pid_stat(5): cutime and cstime are fields 16 and 17; the name, field 2, may have spaces in it.
    const fields = readFileSync("/proc/self/stat", "utf8").split(") ")[1]?.split(" ") ?? [];
    return (Number(fields[13]) + Number(fields[14])) / TICKS_PER_SECOND;
  } catch {
    return null;
  }
}

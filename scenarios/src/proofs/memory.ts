import { readFile, writeFile } from "node:fs/promises";

const BYTES_PER_KIB = 1024;
/** proc(5): the peak of the resident memory begins anew at what it is now. */
const RESET_PEAK = "5";

/** The most memory that a process had resident since a moment, bytes. */
export interface MemoryPeak {
  /** When it began. */
  readonly before: number;
  /** How much more it had at most since then. */
  growth(): Promise<number>;
}

/** Begins to look at the memory of a process as the kernel counts it; null where there is no Linux to ask. */
export async function watchMemory(pid: number): Promise<MemoryPeak | null> {
  if (process.platform !== "linux") return null;
  await writeFile(`/proc/${pid}/clear_refs`, RESET_PEAK);
  const before = await peakOf(pid);
  return { before, growth: async () => (await peakOf(pid)) - before };
}

async function peakOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const kib = /^VmHWM:\s*(\d+) kB$/mu.exec(status)?.[1];
  if (kib === undefined) throw new Error(`the memory of ${pid} is not counted`);
  return Number(kib) * BYTES_PER_KIB;
}

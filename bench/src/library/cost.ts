import { setTimeout } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { cpuSeconds } from "../cpu.ts";
import { TICK_MS } from "./constants.ts";

/** What something costs in the process that does it. */
export interface Cost {
  readonly wallMs: number;
  /** Of all threads. */
  readonly cpuMs: number;
  /** The longest time for which the event loop did not turn. */
  readonly blockMs: number;
  /** The most processor time that its thread used while it did not turn: what of a block is not others' doing. */
  readonly blockCpuMs: number;
}

/** In the child: what it costs to do something. */
export async function costOf(work: () => Promise<unknown>): Promise<Cost> {
  let [last, lastCpu] = [performance.now(), threadCpuMs()];
  let [blockMs, blockCpuMs] = [0, 0];
  const look = (): void => {
    const [now, cpu] = [performance.now(), threadCpuMs()];
    blockMs = Math.max(blockMs, now - last - TICK_MS);
    blockCpuMs = Math.max(blockCpuMs, cpu - lastCpu);
    [last, lastCpu] = [now, cpu];
  };
  const ticker = setInterval(look, TICK_MS);
  try {
    await setTimeout(4 * TICK_MS); // what was under way before is not counted
    [blockMs, blockCpuMs] = [0, 0];
    const [startMs, startCpu] = [performance.now(), cpuSeconds()];
    await work();
    const [wallMs, cpuMs] = [performance.now() - startMs, (cpuSeconds() - startCpu) * 1_000];
    look();
    return { wallMs, cpuMs, blockMs, blockCpuMs };
  } finally {
    clearInterval(ticker);
  }
}

function threadCpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

/** In the child: bytes of memory in use, on the heap and beside it, when everything that is of no use is given back. */
export function memoryInUse(): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

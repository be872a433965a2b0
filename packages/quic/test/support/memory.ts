import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

export interface Holdings {
  /** Bytes of JavaScript objects. */
  readonly heap: number;
  /** Bytes of the whole process, the native library's included. */
  readonly resident: number;
}

/** What the process holds after everything that can go has gone. */
export async function holdings(): Promise<Holdings> {
  for (let i = 0; i < 4; i++) {
    collect();
    await new Promise((resolve) => setImmediate(resolve)); // finalizers of native objects run between turns
  }
  const { heapUsed, rss } = process.memoryUsage();
  return { heap: heapUsed, resident: rss };
}

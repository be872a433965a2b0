import { execFile } from "node:child_process";
import { availableParallelism } from "node:os";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const run = promisify(execFile);

const MODULE = new URL("../src/keep-heap-small.ts", import.meta.url).href;

/** Makes much garbage, and prints the bytes that the engine took for young objects. */
const PROGRAM = (before: string): string => `
  ${before}
  const { getHeapSpaceStatistics } = await import("node:v8");
  let kept = [];
  for (let round = 0; round < 60; round++) kept = Array.from({ length: 50_000 }, (_, i) => ({ i, list: [i] }));
  console.log(getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space").space_size);
`;

async function youngBytes(before: string): Promise<number> {
  const { stdout } = await run(process.execPath, ["--input-type=module", "-e", PROGRAM(before)]);
  return Number(stdout);
}

it("keeps the memory for young objects small, whatever is allocated", async () => {
  const [small, usual] = await Promise.all([
    youngBytes(`(await import(${JSON.stringify(MODULE)})).keepHeapSmall();`),
    youngBytes(""),
  ]);
  expect(small).toBeLessThanOrEqual(4 * 1024 ** 2);
  expect(usual).toBeGreaterThan(4 * small);
});

it("gives other threads a little more, since what comes with small files must not grow old", async () => {
  const thread = `
    const { getHeapSpaceStatistics } = require("node:v8");
    let kept = [];
    for (let round = 0; round < 60; round++) kept = Array.from({ length: 50_000 }, (_, i) => ({ i, list: [i] }));
    console.log(getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space").space_size);
  `;
  const inThread = `
    (await import(${JSON.stringify(MODULE)})).keepHeapSmall();
    const { Worker } = await import("node:worker_threads");
    new Worker(${JSON.stringify(thread)}, { eval: true, execArgv: [] });
  `;
  const { stdout } = await run(process.execPath, ["--input-type=module", "-e", inThread]);
  expect(Number(stdout)).toBeGreaterThanOrEqual(4 * 1024 ** 2);
  expect(Number(stdout)).toBeLessThanOrEqual(16 * 1024 ** 2);
});

it.skipIf(availableParallelism() === 1)("collects young objects without waking other threads", async () => {
  /** Threads that take part in a collection, on average. */
  const threadsPerCollection = async (before: string): Promise<number> => {
    const traced = ["--trace-gc", "--trace-parallel-scavenge", "--input-type=module"];
    const { stdout } = await run(process.execPath, [...traced, "-e", PROGRAM(before)]);
    const count = (pattern: RegExp): number => stdout.match(pattern)?.length ?? 0;
    return count(/scavenge\[0x/gu) / count(/: Scavenge /gu);
  };
  expect(await threadsPerCollection("")).toBeGreaterThan(1);
  expect(
    await threadsPerCollection(`(await import(${JSON.stringify(MODULE)})).keepHeapSmall();`),
  ).toBeLessThan(1.5);
});

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const run = promisify(execFile);

const MODULE = new URL("../src/helper-thread.ts", import.meta.url).href;

/** Makes much garbage, and tells the bytes that the engine took for young objects. */
const THREAD = `
  import { getHeapSpaceStatistics } from "node:v8";
  import { parentPort } from "node:worker_threads";
  let kept = [];
  for (let round = 0; round < 60; round++) kept = Array.from({ length: 50_000 }, (_, i) => ({ i, list: [i] }));
  parentPort.postMessage(getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space").space_size);
`;

const PROGRAM = `
  const { startHelperThread } = await import(${JSON.stringify(MODULE)});
  const module = new URL("data:text/javascript," + encodeURIComponent(${JSON.stringify(THREAD)}));
  startHelperThread(module, { name: "lanspread-test", workerData: null }).on("message", (bytes) => console.log(bytes));
`;

it("has little memory for young objects, whatever the process gives its other threads to begin with", async () => {
  const flags = ["--semi-space-growth-factor=1", "--min-semi-space-size=4"];
  const { stdout } = await run(process.execPath, [...flags, "--input-type=module", "-e", PROGRAM]);
  expect(Number(stdout)).toBeGreaterThan(0);
  expect(Number(stdout)).toBeLessThanOrEqual(4 * 1024 ** 2);
});

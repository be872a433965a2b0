import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { expect, it } from "vitest";
import type { ToLane } from "../../src/lanes/messages.ts";
import { poolOptions } from "./support.ts";

it("a lane's thread that is told to stop ends by itself, and listens nowhere any more", async () => {
  const { host, tls } = await poolOptions();
  const worker = new Worker(new URL("../../src/lanes/lane-worker.ts", import.meta.url), {
    workerData: { host, tls },
    execArgv: ["--conditions=source"],
  });
  const told: readonly ToLane[] = [{ type: "stop" }, { type: "listen", port: 0, received: [] }];
  worker.postMessage(told);
  expect(await once(worker, "exit")).toEqual([0]);
});

/** The thread of one lane: bytes go between its own socket and the disk, and only small messages to the main thread. */
import { parentPort, workerData } from "node:worker_threads";
import { openLane } from "./lane.ts";
import type { FromLane, LaneStart, ToLane } from "./messages.ts";

const port = parentPort;
if (port === null) throw new Error("this file is the thread of a lane: it is started by the main thread");

const lane = await openLane(workerData as LaneStart, (message: FromLane) => port.postMessage(message));
port.on("message", (message: ToLane) => {
  if (message.type !== "stop") lane.hear(message);
  else void lane.close().finally(() => port.close());
});
void lane.failed.then((error) => {
  // The main thread hears of it by the thread's end, and starts another one.
  setImmediate(() => {
    throw error;
  });
});

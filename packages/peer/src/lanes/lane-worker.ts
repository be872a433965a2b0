/** The thread of one lane: bytes go between its own socket and the disk, and only small messages to the main thread. */
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { QuicUnavailableError } from "@lanspread/quic";
import { type Lane, openLane } from "./lane.ts";
import { Mailbox } from "./mailbox.ts";
import type { FromLane, LaneStart, ToLane } from "./messages.ts";

const port = ownPort();
const outbox = new Mailbox<FromLane>((messages) => port.postMessage(messages));

const lane = await open();
if (lane === null) end();
else run(lane);

function ownPort(): MessagePort {
  if (parentPort === null) throw new Error("this file is the thread of a lane: the main thread starts it");
  return parentPort;
}

/** Null where this machine can have no lane: the thread ends by itself then. */
async function open(): Promise<Lane | null> {
  try {
    return await openLane(workerData as LaneStart, (message) => outbox.post(message));
  } catch (error) {
    if (!(error instanceof QuicUnavailableError)) throw error;
    outbox.post({ type: "unavailable", why: error.message });
    return null;
  }
}

/** The thread ends when nothing else keeps it. */
function end(): void {
  outbox.flush();
  port.close();
}

function run(open: Lane): void {
  port.on("message", (messages: readonly ToLane[]) => {
    for (const message of messages) {
      if (message.type !== "stop") open.hear(message);
      else void open.close().finally(end);
    }
  });
  void open.failed.then((error) => {
    // The main thread hears of it by the thread's end, and starts another one.
    setImmediate(() => {
      throw error;
    });
  });
}

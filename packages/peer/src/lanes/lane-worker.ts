/** The thread of one lane: bytes go between its own socket and the disk, and only small messages to the main thread. */
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { prepareQuic, QuicUnavailableError } from "@lanspread/quic";
import { type Lane, openLane, type ToOpenLane } from "./lane.ts";
import { Mailbox } from "./mailbox.ts";
import type { FromLane, LaneStart, ListenOrder, ToLane } from "./messages.ts";

const port = ownPort();
const outbox = new Mailbox<FromLane>((messages) => port.postMessage(messages));
let opening: Promise<Lane> | null = null;
let lane: Lane | null = null;
let isStopping = false;
/** What was told before the lane was open. */
const waiting: ToOpenLane[] = [];

if (await canHaveQuic()) {
  port.on("message", (messages: readonly ToLane[]) => {
    for (const message of messages) hear(message);
  });
  outbox.post({ type: "loaded" });
} else end();

function ownPort(): MessagePort {
  if (parentPort === null) throw new Error("this file is the thread of a lane: the main thread starts it");
  return parentPort;
}

/** Where this machine can have no lane the thread ends by itself. */
async function canHaveQuic(): Promise<boolean> {
  try {
    await prepareQuic();
    return true;
  } catch (error) {
    if (!(error instanceof QuicUnavailableError)) throw error;
    outbox.post({ type: "unavailable", why: error.message });
    return false;
  }
}

function hear(message: ToLane): void {
  if (message.type === "listen") {
    if (!isStopping) void open(message);
  } else if (message.type === "stop") void close().finally(end);
  else if (lane === null) waiting.push(message);
  else lane.hear(message);
}

/** What goes wrong here and later ends the thread: the main thread hears of it by that, and starts another one. */
async function open(order: ListenOrder): Promise<void> {
  opening = openLane({ ...(workerData as LaneStart), ...order }, (message) => outbox.post(message));
  lane = await opening;
  for (const message of waiting.splice(0)) lane.hear(message);
  throw await lane.failed;
}

async function close(): Promise<void> {
  isStopping = true;
  await (await opening)?.close();
}

/** The thread ends when nothing else keeps it. */
function end(): void {
  outbox.flush();
  port.close();
}

/** The thread of one lane: bytes go between its own socket and the disk, and only small messages to the main thread. */
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { prepareQuic, QuicUnavailableError } from "@lanspread/quic";
import { type Lane, openLane } from "./lane.ts";
import { Mailbox, type Packed, pack, unpack } from "./mailbox.ts";
import { type FromLane, isReport, type LaneStart, type ToLane } from "./messages.ts";

/** The system's codes for what a machine lacks for a while: descriptors, room on the disk, memory. */
const NO_ROOM = new Set<unknown>(["EMFILE", "ENFILE", "ENOSPC", "EDQUOT", "ENOMEM"]);

const port = ownPort();
const outbox = new Mailbox<FromLane>((messages) => port.postMessage(pack(messages, isReport)));
let opening: Promise<Lane> | null = null;
let lane: Lane | null = null;
let isStopping = false;

if (await canHaveQuic()) {
  port.on("message", (messages: Packed<ToLane>) => {
    for (const message of unpack(messages)) hear(message);
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
    if (!(error instanceof QuicUnavailableError) || isPassing(error.cause)) throw error;
    outbox.post({ type: "unavailable", why: error.message });
    return false;
  }
}

/** Another start may find that there is room again. */
function isPassing(cause: unknown): boolean {
  return cause instanceof Error && "code" in cause && NO_ROOM.has(cause.code);
}

function hear(message: ToLane): void {
  if (message.type === "listen") {
    if (isStopping) return;
    opening = openLane({ ...(workerData as LaneStart), ...message }, (told) => outbox.post(told));
    void live(opening);
  } else if (message.type === "stop") void close().finally(end);
  else lane?.hear(message);
}

/** What goes wrong here ends the thread: the main thread hears of it by that, and starts another one. */
async function live(opened: Promise<Lane>): Promise<void> {
  lane = await opened;
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

import { type Logger, reasonOf, toPeerError } from "@lanspread/peer/base";
import type { RuntimeEvent } from "@lanspread/proto";
import type { RawData, WebSocket } from "ws";
import { isFigures } from "../../protocol/figures.ts";
import { type PageMessage, pageMessageSchema, type ShellMessage } from "../../protocol/messages.ts";
import type { DesktopSnapshot } from "../../protocol/snapshot.ts";
import { CATCH_UP_MS, MAX_WAITING_BYTES, MOST_UNANSWERED, PAGE_TIMEOUT_MS } from "../constants.ts";
import { Figures } from "./figures.ts";
import { Inbox } from "./inbox.ts";

/** What pages are shown, and what they may ask for. */
export interface PageHost {
  snapshot(): DesktopSnapshot;
  /** Calls the handler with every event from now on; returns what ends that. */
  onEvent(handler: (event: RuntimeEvent) => void): () => void;
  /** Calls the handler with the number of windows when that changed; returns what ends that. */
  onWindows(handler: (count: number) => void): () => void;
  /** Calls the handler when something changed that only a snapshot shows. */
  onSnapshotDue(handler: () => void): () => void;
  /** @throws PeerError */
  answer(message: PageMessage, signal: AbortSignal): Promise<unknown>;
}

/** Close codes of a socket (RFC 6455, 7.4.1). */
const UNSUPPORTED_DATA = 1003;
const POLICY_VIOLATION = 1008;

/**
 * One connected page. It is sent a snapshot and then every event; one that does not read is sent nothing until it does, and
 * then a snapshot. What it asks for is answered in any order, and is not even read while too much of it waits. A message that
 * breaks the rules ends the connection, and nothing behind it is done: the own page sends none.
 */
export function servePage(socket: WebSocket, host: PageHost, logger: Logger): void {
  const over = new AbortController();
  let isBehind = false;
  let isAlive = true;
  const send = (message: ShellMessage): void => socket.send(JSON.stringify(message));
  const sendSnapshot = (): void => {
    isBehind = false;
    figures.clear();
    send({ type: "snapshot", snapshot: host.snapshot() });
  };
  const keepsUp = (): boolean => {
    isBehind ||= socket.bufferedAmount > MAX_WAITING_BYTES;
    return !isBehind;
  };
  const figures = new Figures((events) => {
    if (keepsUp()) send({ type: "figures", events });
  });
  const noMoreEvents = host.onEvent((event) => {
    if (isFigures(event)) {
      figures.push(event);
      return;
    }
    figures.flush();
    if (keepsUp()) send({ type: "event", event });
  });
  const noMoreWindows = host.onWindows((count) => {
    if (keepsUp()) send({ type: "windows", count });
  });
  const noMoreSnapshots = host.onSnapshotDue(() => {
    if (keepsUp()) sendSnapshot();
  });
  const inbox = new Inbox<PageMessage>({
    most: MOST_UNANSWERED,
    hasRoom: () => socket.bufferedAmount <= MAX_WAITING_BYTES,
    onFullChange: (isFull) => (isFull ? socket.pause() : socket.resume()),
    handle: async (message) => {
      const answered = await answer(message, host, over.signal);
      if (socket.readyState === socket.OPEN) send(answered);
    },
  });
  const catchUp = setInterval(() => {
    if (isBehind && socket.bufferedAmount === 0) sendSnapshot();
    inbox.next();
  }, CATCH_UP_MS);
  const heartbeat = setInterval(() => {
    // Of a page that waits for answers no pong is read; of one that does not take them none would come.
    if (inbox.isFull && socket.bufferedAmount === 0) return;
    if (isAlive) socket.ping();
    else socket.terminate();
    isAlive = false;
  }, PAGE_TIMEOUT_MS / 2);
  socket.on("pong", () => {
    isAlive = true;
  });
  socket.on("message", (data, isBinary) => {
    if (socket.readyState !== socket.OPEN) return;
    isAlive = true;
    const message = isBinary ? null : parse(data);
    if (message !== null) {
      inbox.push(message);
      return;
    }
    logger.warn("a page broke the rules, and its connection was closed");
    inbox.clear();
    socket.close(isBinary ? UNSUPPORTED_DATA : POLICY_VIOLATION, "this is no message of the page");
  });
  // What is wrong with a connection ends it; nothing else follows from it.
  socket.on("error", (error) => logger.debug("the connection of a page failed", { error }));
  socket.on("close", () => {
    over.abort();
    inbox.clear();
    noMoreEvents();
    noMoreWindows();
    noMoreSnapshots();
    figures.clear();
    clearInterval(catchUp);
    clearInterval(heartbeat);
  });
  sendSnapshot();
}

function parse(data: RawData): PageMessage | null {
  try {
    return pageMessageSchema.parse(JSON.parse(data.toString()));
  } catch {
    return null;
  }
}

async function answer(message: PageMessage, host: PageHost, signal: AbortSignal): Promise<ShellMessage> {
  const { id } = message;
  try {
    return { type: "answer", id, data: (await host.answer(message, signal)) ?? null };
  } catch (error) {
    return { type: "refusal", id, refusal: reasonOf(toPeerError(error)) };
  }
}

import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import type { PeerOptions } from "@lanspread/peer";
import { BURST_MS, SEND_EVERY_MS, WAITING_DATAGRAMS } from "./constants.ts";

type SocketFactory = NonNullable<PeerOptions["socket"]>;
type DatagramSocket = Awaited<ReturnType<SocketFactory>>;
type Address = DatagramSocket["address"];

const MS_PER_S = 1_000;

/** Sockets that send no faster than that: a slow network card. What they receive is not held up. */
export function slowSockets(bytesPerSecond: number): SocketFactory {
  return async ({ host, port }) => {
    const socket = createSocket({ type: "udp4", lookup: (name, _, callback) => callback(null, name, 4) });
    const listening = once(socket, "listening");
    socket.bind({ address: host, port, exclusive: true });
    await listening;
    return slowed(socket, bytesPerSecond);
  };
}

interface Waiting {
  readonly bytes: Buffer;
  readonly to: Address;
}

function slowed(socket: Socket, bytesPerSecond: number): DatagramSocket {
  const { address, port } = socket.address();
  const waiting: Waiting[] = [];
  let drained: (() => void) | undefined;
  let isFull = false;
  let isOpen = true;
  /** Bytes that may be sent now; below zero after the last datagram of a turn. */
  let credit = 0;
  let creditedAt = performance.now();
  let timer: NodeJS.Timeout | undefined;

  const flush = (): void => {
    timer = undefined;
    const now = performance.now();
    const most = (bytesPerSecond * BURST_MS) / MS_PER_S;
    credit = Math.min(most, credit + ((now - creditedAt) * bytesPerSecond) / MS_PER_S);
    creditedAt = now;
    while (credit > 0) {
      const next = waiting.shift();
      if (next === undefined) break;
      credit -= next.bytes.length;
      // One that the system cannot send is a lost one.
      socket.send(next.bytes, next.to.port, next.to.host, () => {});
    }
    if (waiting.length > 0) timer = setTimeout(flush, SEND_EVERY_MS);
    if (!isFull || waiting.length > WAITING_DATAGRAMS / 2) return;
    isFull = false;
    drained?.();
  };
  const send = (bytes: Uint8Array, to: Address): void => {
    if (!isOpen) return;
    waiting.push({ bytes: Buffer.from(bytes), to });
    if (timer === undefined) flush();
  };
  socket.on("error", () => {});
  return {
    address: { host: address, port },
    send: (bytes, host, toPort) => send(bytes, { host, port: toPort }),
    sendSegments: (bytes, segmentBytes, to) => {
      for (let at = 0; at < bytes.length; at += segmentBytes) send(bytes.subarray(at, at + segmentBytes), to);
      isFull ||= waiting.length >= WAITING_DATAGRAMS;
      return !isFull;
    },
    onDrain: (handler) => {
      drained = handler;
    },
    onMessage: (handler) => {
      socket.removeAllListeners("message");
      socket.on("message", (bytes, from) => handler(bytes, { host: from.address, port: from.port }));
    },
    close: async () => {
      if (!isOpen) return;
      isOpen = false;
      clearTimeout(timer);
      const closed = once(socket, "close");
      socket.close();
      await closed;
    },
  };
}

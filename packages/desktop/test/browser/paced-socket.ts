import { createSocket } from "node:dgram";
import { once } from "node:events";
import type { PeerOptions } from "@lanspread/peer";

/** How often bytes are sent, milliseconds. */
const STEP_MS = 5;

/** For so long a line saves up what it did not send, and so much may wait before the transport is told to stop, milliseconds. */
const SAVED_MS = 100;

interface Waiting {
  readonly bytes: Buffer;
  readonly host: string;
  readonly port: number;
}

/** How fast a line is. May be changed at any time; Infinity is as fast as the machine. */
export interface Pace {
  bytesPerSecond: number;
}

/** A real UDP socket that sends no more than so many bytes a second, as a slow line does: what goes on can be looked at. */
export function pacedSocket(pace: number | Pace): NonNullable<PeerOptions["socket"]> {
  const line = typeof pace === "number" ? { bytesPerSecond: pace } : pace;
  const bytesIn = (ms: number): number => (line.bytesPerSecond * ms) / 1_000;
  return async ({ host, port }) => {
    const socket = createSocket("udp4");
    socket.bind(port, host);
    await once(socket, "listening");
    socket.on("error", () => {});
    const waiting: Waiting[] = [];
    let waitingBytes = 0;
    let allowance = 0;
    let sentAt = performance.now();
    let drained = (): void => {};
    const send = ({ bytes, host: to, port: toPort }: Waiting): void =>
      socket.send(bytes, toPort, to, () => {});
    const put = (bytes: Uint8Array, to: string, toPort: number): void => {
      const datagram = { bytes: Buffer.from(bytes), host: to, port: toPort };
      if (line.bytesPerSecond === Number.POSITIVE_INFINITY && waiting.length === 0) {
        send(datagram);
        return;
      }
      waiting.push(datagram);
      waitingBytes += bytes.length;
    };
    const timer = setInterval(() => {
      const now = performance.now();
      // Timers are late on a busy machine: what they are late by is not lost.
      allowance = Math.min(allowance + bytesIn(now - sentAt), bytesIn(SAVED_MS));
      sentAt = now;
      const wasFull = waitingBytes > 0;
      while (allowance > 0) {
        const next = waiting.shift();
        if (next === undefined) break;
        allowance -= next.bytes.length;
        waitingBytes -= next.bytes.length;
        send(next);
      }
      if (wasFull && waitingBytes === 0) drained();
    }, STEP_MS);
    return {
      address: { host: socket.address().address, port: socket.address().port },
      send: put,
      sendSegments: (bytes, segmentBytes, to) => {
        for (let at = 0; at < bytes.length; at += segmentBytes) {
          put(bytes.subarray(at, at + segmentBytes), to.host, to.port);
        }
        return waitingBytes < bytesIn(SAVED_MS);
      },
      onDrain: (handler) => {
        drained = handler;
      },
      onMessage: (handler) => {
        socket.on("message", (bytes, from) => handler(bytes, { host: from.address, port: from.port }));
      },
      close: async () => {
        clearInterval(timer);
        await new Promise<void>((resolve) => socket.close(() => resolve()));
      },
    };
  };
}

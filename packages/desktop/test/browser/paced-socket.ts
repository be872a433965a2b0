import { createSocket } from "node:dgram";
import { once } from "node:events";
import type { PeerOptions } from "@lanspread/peer";

/** How often bytes are sent, milliseconds. */
const STEP_MS = 5;

/** Steps of bytes that wait before the transport is told to stop. */
const WAITING_STEPS = 4;

interface Waiting {
  readonly bytes: Buffer;
  readonly host: string;
  readonly port: number;
}

/** A real UDP socket that sends no more than so many bytes a second, as a slow line does: what goes on can be looked at. */
export function pacedSocket(bytesPerSecond: number): NonNullable<PeerOptions["socket"]> {
  const stepBytes = (bytesPerSecond * STEP_MS) / 1_000;
  return async ({ host, port }) => {
    const socket = createSocket("udp4");
    socket.bind(port, host);
    await once(socket, "listening");
    socket.on("error", () => {});
    const waiting: Waiting[] = [];
    let waitingBytes = 0;
    let allowance = 0;
    let drained = (): void => {};
    const put = (bytes: Uint8Array, to: string, toPort: number): void => {
      waiting.push({ bytes: Buffer.from(bytes), host: to, port: toPort });
      waitingBytes += bytes.length;
    };
    const timer = setInterval(() => {
      allowance = Math.min(allowance + stepBytes, WAITING_STEPS * stepBytes);
      const wasFull = waitingBytes > 0;
      while (allowance > 0) {
        const next = waiting.shift();
        if (next === undefined) break;
        allowance -= next.bytes.length;
        waitingBytes -= next.bytes.length;
        socket.send(next.bytes, next.port, next.host, () => {});
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
        return waitingBytes < WAITING_STEPS * stepBytes;
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

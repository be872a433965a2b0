import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { isIPv6 } from "node:net";
import type { Address, DatagramSocket } from "../types.ts";
import { MAX_OUTSTANDING_SENDS } from "./constants.ts";
import { createDatagramSizes } from "./interfaces.ts";
import { growBuffers } from "./socket-buffers.ts";

/** Binds a UDP socket of `node:dgram`: works everywhere. Rejects with the system's error. */
export async function createDgramSocket(options: Address): Promise<DatagramSocket> {
  const socket = createSocket({
    type: isIPv6(options.host) ? "udp6" : "udp4",
    // Only IP addresses come here: no look-up, and none of its detours per datagram.
    lookup: (host, _options, callback) => callback(null, host, isIPv6(host) ? 6 : 4),
  });
  const listening = once(socket, "listening"); // first: with this look-up the event may come during the call
  socket.bind({ port: options.port, address: options.host, exclusive: true });
  await listening;
  growBuffers(socket);
  return wrapDgram(socket);
}

/** A socket of `node:dgram`, and a way past its count of what waits: for who sends by itself and has found the kernel's buffer full. */
export interface WrappedDgram extends DatagramSocket {
  readonly buffers: { readonly receive: number; readonly send: number };
  readonly datagramBytesTo: (host: string) => number;
  /** Datagrams wait for room. */
  readonly hasOutstandingSends: boolean;
  /** As `sendSegments`, but always says no: `onDrain` is heard when these have gone. */
  sendRest(bytes: Uint8Array, segmentBytes: number, to: Address): false;
}

/** The socket as the transport sees it. The caller gives it away: `close` closes it. */
export function wrapDgram(socket: Socket): WrappedDgram {
  const { address, port } = socket.address();
  const datagramSizes = createDatagramSizes();
  let outstanding = 0;
  let full = false;
  let drained: (() => void) | undefined;
  let open = true;
  let lastFrom: Address = { host: "", port: 0 };

  // A datagram that the system could not send is a lost one.
  const sent = () => {
    outstanding--;
    if (!full || outstanding > MAX_OUTSTANDING_SENDS / 2) return;
    full = false;
    drained?.();
  };
  const send = (bytes: Uint8Array, host: string, toPort: number) => {
    if (!open) return;
    outstanding++;
    socket.send(Buffer.from(bytes), toPort, host, sent);
  };
  const sendAll = (bytes: Uint8Array, segmentBytes: number, to: Address) => {
    for (let at = 0; at < bytes.length; at += segmentBytes) {
      send(bytes.subarray(at, Math.min(at + segmentBytes, bytes.length)), to.host, to.port);
    }
  };
  socket.on("error", () => undefined); // the same: sends that fail are losses
  return {
    address: { host: address, port },
    send,
    sendSegments(bytes, segmentBytes, to) {
      sendAll(bytes, segmentBytes, to);
      if (outstanding >= MAX_OUTSTANDING_SENDS) full = true;
      return !full;
    },
    get hasOutstandingSends() {
      return outstanding > 0;
    },
    sendRest(bytes, segmentBytes, to) {
      sendAll(bytes, segmentBytes, to);
      full = true;
      return false;
    },
    onDrain(handler) {
      drained = handler;
    },
    onMessage(handler) {
      socket.removeAllListeners("message");
      socket.on("message", (bytes, from) => {
        if (from.port !== lastFrom.port || from.address !== lastFrom.host) {
          lastFrom = { host: from.address, port: from.port };
        }
        handler(bytes, lastFrom);
      });
    },
    datagramBytesTo: datagramSizes,
    buffers: { receive: socket.getRecvBufferSize(), send: socket.getSendBufferSize() },
    async close() {
      if (!open) return;
      open = false;
      const closed = once(socket, "close");
      socket.close();
      await closed;
    },
  };
}

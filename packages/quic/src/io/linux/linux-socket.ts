import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import type { Address, DatagramSocket } from "../../types.ts";
import { MAX_RECEIVES_PER_TURN } from "../constants.ts";
import { wrapDgram } from "../dgram-socket.ts";
import { growBuffers } from "../socket-buffers.ts";
import { encodeSockaddr, type Libc, loadLibc } from "./libc.ts";
import { ReceiveBatch } from "./receive-batch.ts";
import { SegmentSender } from "./segment-sender.ts";

/**
 * Binds a UDP socket over IPv4 that receives and sends many datagrams in one system call (`recvmmsg`, UDP_SEGMENT). `node:dgram` owns
 * it and tells when there is something to receive; what follows the first datagram of a burst is fetched past it.
 *
 * @returns null where that cannot be done, for whatever reason: `node:dgram` alone will do it, or say why not.
 */
export async function createLinuxSocket(options: Address): Promise<DatagramSocket | null> {
  const name = encodeSockaddr(options.host, options.port);
  if (name === null) return null;
  const libc = await loadLibc();
  if (libc === null) return null;
  const fd = libc.socket();
  if (fd < 0) return null;
  let socket: Socket;
  try {
    if (libc.bind(fd, name) < 0) throw new Error("cannot bind");
    socket = createSocket({ type: "udp4", lookup: (host, _options, callback) => callback(null, host, 4) });
    const listening = once(socket, "listening"); // may come at once
    socket.bind({ fd, exclusive: true });
    await listening;
  } catch {
    libc.close(fd);
    return null;
  }
  growBuffers(socket);
  return wrap(socket, fd, libc);
}

function wrap(socket: Socket, fd: number, libc: Libc): DatagramSocket {
  const plain = wrapDgram(socket);
  const batch = new ReceiveBatch(libc);
  const sender = new SegmentSender(libc);
  let open = true;
  let left = MAX_RECEIVES_PER_TURN;
  let renewal: NodeJS.Immediate | undefined;
  const renew = () => {
    renewal = undefined;
    left = MAX_RECEIVES_PER_TURN;
  };
  return {
    ...plain,
    send(bytes, host, port) {
      // No room: node:dgram waits for it.
      if (open && sender.send(fd, bytes, host, port) === "full") plain.send(bytes, host, port);
    },
    sendSegments(bytes, segmentBytes, to) {
      if (!open) return true;
      const dealtWith = sender.sendSegments(fd, bytes, segmentBytes, to.host, to.port);
      if (dealtWith === bytes.length) return true;
      return plain.sendRest(bytes.subarray(dealtWith), segmentBytes, to);
    },
    onMessage(handler) {
      plain.onMessage((bytes, from) => {
        handler(bytes, from);
        renewal ??= setImmediate(renew);
        while (open && left > 0) {
          const count = batch.receive(fd, handler);
          left -= count;
          if (count === 0) return;
        }
      });
    },
    async close() {
      open = false;
      clearImmediate(renewal);
      await plain.close();
    },
  };
}

import type { Socket } from "node:dgram";
import { SOCKET_BUFFER_BYTES } from "./constants.ts";

/** Asks for large buffers; a system that refuses gets asked for less. */
export function growBuffers(socket: Socket): void {
  for (const set of [socket.setRecvBufferSize, socket.setSendBufferSize]) {
    for (let bytes = SOCKET_BUFFER_BYTES; bytes >= SOCKET_BUFFER_BYTES / 16; bytes /= 2) {
      try {
        set.call(socket, bytes);
        break;
      } catch {
        // half of it, then
      }
    }
  }
}

import type { Socket } from "node:net";
import { MAX_UNREAD_BYTES } from "./constants.ts";

/** Writes lines to one control client. */
export interface SocketLines {
  /** Writes one line, without its end. The promise, where there is one, resolves when the client has room for more. */
  writeLine(line: string): void | Promise<void>;
}

/** A client that leaves more than {@link MAX_UNREAD_BYTES} unread is cut off; later lines are dropped. */
export function createSocketLines(socket: Socket): SocketLines {
  // All that wait share two listeners: one client may have a hundred thousand answers under way.
  let waiting: (() => void)[] = [];
  const release = (): void => {
    const released = waiting;
    waiting = [];
    for (const resolve of released) resolve();
  };
  socket.on("drain", release);
  socket.once("close", release);
  return {
    writeLine: (line) => {
      if (socket.destroyed) return;
      if (socket.writableLength > MAX_UNREAD_BYTES) {
        socket.destroy();
        return;
      }
      if (!socket.write(`${line}\n`)) return new Promise((resolve) => waiting.push(resolve));
    },
  };
}

import { randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import { dial, requestOf } from "../web/raw.ts";

/** Kinds of frames (RFC 6455, 5.2). */
export const OPCODE = { continuation: 0, text: 1, binary: 2, reserved: 3, close: 8, ping: 9 } as const;

export interface Frame {
  readonly opcode: number;
  readonly payload: string | Buffer;
  /** Whether it is the last of its message. Default true. */
  readonly isLast?: boolean;
  /** Bits that only extensions give a meaning; 4 says compressed. Default 0. */
  readonly reserved?: number;
  /** A client has to. Default true. */
  readonly isMasked?: boolean;
}

/** A frame as it is sent: what the other side makes of it is what is asked. */
export function frameOf({ opcode, payload, isLast = true, reserved = 0, isMasked = true }: Frame): Buffer {
  const bytes = Buffer.from(payload);
  const head = [(isLast ? 0x80 : 0) | (reserved << 4) | opcode];
  const mask = isMasked ? 0x80 : 0;
  const length = Buffer.alloc(8);
  if (bytes.length < 126) {
    head.push(mask | bytes.length);
  } else if (bytes.length < 65_536) {
    length.writeUInt16BE(bytes.length, 0);
    head.push(mask | 126, ...length.subarray(0, 2));
  } else {
    length.writeBigUInt64BE(BigInt(bytes.length));
    head.push(mask | 127, ...length);
  }
  if (!isMasked) return Buffer.concat([Buffer.from(head), bytes]);
  const key = randomBytes(4);
  return Buffer.concat([Buffer.from(head), key, bytes.map((byte, index) => byte ^ (key[index % 4] ?? 0))]);
}

/** A page's socket of which no byte is read behind its opening. */
export async function openFrozen(door: {
  readonly origin: string;
  readonly cookie: string;
}): Promise<Socket> {
  const socket = await dial(door.origin);
  const opened = new Promise<string>((resolve) =>
    socket.once("data", (chunk: Buffer) => {
      socket.pause();
      resolve(chunk.toString("latin1"));
    }),
  );
  const lines = [
    `Host: ${new URL(door.origin).host}`,
    `Origin: ${door.origin}`,
    `Cookie: ${door.cookie}`,
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
  ];
  socket.write(requestOf("GET /socket HTTP/1.1", lines));
  const [head = ""] = (await opened).split("\r\n\r\n");
  if (!head.startsWith("HTTP/1.1 101 ")) throw new Error(`no socket was opened: ${head}`);
  // Nothing was agreed upon: neither a protocol nor a compression.
  if (/^sec-websocket-(?:extensions|protocol)/imu.test(head)) throw new Error(head);
  return socket;
}

/** Resolves when more can be sent, or nothing any more. */
export function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      socket.off("drain", settle).off("close", settle);
      resolve();
    };
    socket.on("drain", settle).on("close", settle);
  });
}

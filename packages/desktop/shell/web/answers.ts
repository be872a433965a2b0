import { type IncomingMessage, type ServerResponse, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import type { Cover } from "../covers/covers.ts";
import { SECURITY_HEADERS } from "../door/headers.ts";
import type { StaticFile } from "./static-files.ts";

/** Sent with every answer that says no: what is refused now may be there in a moment. */
const NOT_KEPT = { "Cache-Control": "no-store", Connection: "close" } as const;

/** Says no, and why, for people. The connection is closed: nothing more is read of what it wants to send. */
export function refuse(response: ServerResponse, status: number, why: string): void {
  response.writeHead(status, { ...NOT_KEPT, "Content-Type": "text/plain; charset=utf-8" }).end(`${why}\n`);
}

/** Says no where no answer of Node's can be used, and closes the connection, whether or not the other side does. */
export function hangUp(socket: Duplex, status: number): void {
  socket.on("error", () => {});
  const headers = { ...SECURITY_HEADERS, ...NOT_KEPT, "Content-Length": "0" };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const text = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${lines.join("")}\r\n`;
  socket.end(text, () => socket.destroy());
}

/** Status of what Node's parser refuses; 400 for what it has no other for. */
const STATUS_OF: Readonly<Record<string, number>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 408,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  HPE_HEADER_OVERFLOW: 431,
};

/** Ends a connection that sends what is no request of HTTP, or none in time. */
export function endBroken(
  socket: Duplex & { readonly bytesWritten?: number },
  code: string | undefined,
): void {
  // Behind or amid another answer no other one can be sent.
  if (!socket.writable || socket.bytesWritten !== 0) socket.destroy();
  else hangUp(socket, STATUS_OF[code ?? ""] ?? 400);
}

/** `Cache-Control` of what has its content's hash in its name, and of what has not. */
export const FOR_EVER = "private, max-age=31536000, immutable";
export const ASK_AGAIN = "no-cache";

export interface Sent extends Pick<StaticFile | Cover, "type" | "bytes" | "etag"> {
  /** `Cache-Control`. */
  readonly caching: string;
}

/** Sends a file, unless the browser has it already. */
export function send(request: IncomingMessage, response: ServerResponse, sent: Sent): void {
  const { type, bytes, etag, caching } = sent;
  response.setHeader("ETag", etag);
  response.setHeader("Cache-Control", caching);
  if (request.headers["if-none-match"] === etag) {
    response.writeHead(304).end();
    return;
  }
  response.writeHead(200, { "Content-Type": type, "Content-Length": bytes.length });
  response.end(request.method === "HEAD" ? undefined : bytes);
}

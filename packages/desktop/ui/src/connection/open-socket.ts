import type { Socket } from "./connection.ts";

/** The shell's socket of this very page. */
export function openSocket(): Socket {
  return new WebSocket(`${location.origin.replace("http", "ws")}/socket`) as Socket;
}

import type { Duplex } from "node:stream";
import { MOST_CONNECTIONS } from "../constants.ts";

/**
 * The connections that the shell has accepted, pages' sockets aside. Where there are too many, those give way that have
 * shown a session least recently, or never: however many connections some program holds, the own page finds room.
 */
export class Connections {
  /** The one that gives way next first. */
  readonly #open = new Set<Duplex>();

  /** A connection was accepted. It is forgotten when it is closed. */
  add(connection: Duplex): void {
    this.#open.add(connection);
    connection.once("close", () => this.#open.delete(connection));
    for (const oldest of this.#open) {
      if (this.#open.size <= MOST_CONNECTIONS) break;
      this.#open.delete(oldest);
      oldest.destroy();
    }
  }

  /** It has shown the session: it gives way last. */
  admit(connection: Duplex): void {
    if (this.#open.delete(connection)) this.#open.add(connection);
  }

  /** It is the socket of a page from now on, which has bounds of its own. */
  release(connection: Duplex): void {
    this.#open.delete(connection);
  }

  destroyAll(): void {
    for (const connection of this.#open) connection.destroy();
  }
}

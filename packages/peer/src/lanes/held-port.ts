import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { isIPv6 } from "node:net";
import type { ReceivedDatagram } from "@lanspread/quic";
import { FIRST_DATAGRAM_BYTES, MOST_HELD_DATAGRAMS } from "./constants.ts";

/** A UDP port that is kept for a lane whose thread does not run yet, with what comes to it. */
export class HeldPort {
  readonly port: number;
  readonly #socket: Socket;
  readonly #received: ReceivedDatagram[] = [];
  #closed: Promise<unknown> | null = null;

  private constructor(socket: Socket, onKnock: () => void) {
    this.port = socket.address().port;
    this.#socket = socket;
    // A datagram that could not be received is a lost one.
    socket.on("error", () => undefined);
    socket.on("message", (bytes, { address, port }) => {
      if (this.#received.length < MOST_HELD_DATAGRAMS) {
        this.#received.push({ bytes, from: { host: address, port } });
      }
      if (bytes.length >= FIRST_DATAGRAM_BYTES) onKnock();
    });
  }

  /**
   * Takes a free port.
   *
   * @param onKnock called whenever a datagram has come that may begin a connection
   * @throws the system's error
   */
  static async take(host: string, onKnock: () => void): Promise<HeldPort> {
    const socket = createSocket(isIPv6(host) ? "udp6" : "udp4");
    const listening = once(socket, "listening");
    socket.bind({ address: host, port: 0, exclusive: true });
    await listening;
    return new HeldPort(socket, onKnock);
  }

  /** Frees the port, and returns what has come to it. */
  async release(): Promise<readonly ReceivedDatagram[]> {
    if (this.#closed === null) {
      this.#closed = once(this.#socket, "close");
      this.#socket.close();
    }
    await this.#closed;
    return this.#received;
  }
}

import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { isIPv6 } from "node:net";
import type { ReceivedDatagram } from "@lanspread/quic";
import { FIRST_DATAGRAM_BYTES, MOST_HELD_DATAGRAMS } from "./constants.ts";

/** A UDP port that is kept for a lane whose thread does not run yet, with what comes to it that may begin a connection. */
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
      if (!mayBegin(bytes)) return;
      if (this.#received.length < MOST_HELD_DATAGRAMS) {
        this.#received.push({ bytes, from: { host: address, port } });
      }
      onKnock();
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
    try {
      await listening;
    } catch (error) {
      socket.close();
      throw error;
    }
    return new HeldPort(socket, onKnock);
  }

  get isReleased(): boolean {
    return this.#closed !== null;
  }

  /** Frees the port, and returns what has come to it. */
  async release(): Promise<readonly ReceivedDatagram[]> {
    if (this.#closed === null) {
      this.#closed = new Promise((resolve) => this.#socket.close(() => resolve(null)));
    }
    await this.#closed;
    return this.#received;
  }
}

/** Whoever begins a connection sends nothing else before there is an answer. The first bit says that it has a long header (RFC 9000, 17.2). */
function mayBegin(datagram: Uint8Array): boolean {
  return datagram.length >= FIRST_DATAGRAM_BYTES && ((datagram[0] ?? 0) & 0x80) !== 0;
}

import type { ConnectionCore } from "../core/connection.ts";
import { MAX_DATAGRAM_BYTES } from "../core/constants.ts";
import type { Address, DatagramSocket } from "../types.ts";
import { MAX_DATAGRAMS_PER_TURN, MAX_LAST_WORDS, MAX_SEGMENTS, MAX_UDP_PAYLOAD_BYTES } from "./constants.ts";

/** How far a connection's packets got: all sent, more to come after the others' turn, or waiting for the socket. */
export type Transmission = "done" | "more" | "blocked";

/**
 * Brings packets from connections to the socket, equal-sized ones in one call. One buffer serves all: the socket has copied the bytes
 * (or given them to the kernel) when it returns.
 */
export class Transmitter {
  readonly #socket: DatagramSocket;
  readonly #buffer = Buffer.allocUnsafeSlow(MAX_UDP_PAYLOAD_BYTES);
  readonly #whole = this.#buffer.subarray(0, MAX_DATAGRAM_BYTES);
  #slots: Uint8Array[] = [];
  #slotBytes = 0;
  #full = false;
  #sent = 0;

  constructor(socket: DatagramSocket, drained: () => void) {
    this.#socket = socket;
    socket.onDrain?.(() => {
      this.#full = false;
      drained();
    });
  }

  /** Datagrams sent so far. */
  get sent(): number {
    return this.#sent;
  }

  /** Sends one datagram of no connection. */
  send(bytes: Uint8Array, to: Address): void {
    this.#sent++;
    this.#socket.send(bytes, to.host, to.port);
  }

  /** Sends what a closed connection still has to say. Returns a copy of its last datagram, null when there was none. */
  sendLastWords(connection: ConnectionCore): Uint8Array | null {
    let lastWords: Uint8Array | null = null;
    for (let count = 0; count < MAX_LAST_WORDS; count++) {
      const length = connection.fill(this.#whole);
      if (length === 0) break;
      lastWords = Uint8Array.prototype.slice.call(this.#buffer, 0, length);
      this.send(lastWords, connection.remote);
    }
    return lastWords;
  }

  /** Sends a connection's packets, up to a turn's share. */
  transmit(connection: ConnectionCore): Transmission {
    let budget = MAX_DATAGRAMS_PER_TURN;
    while (budget > 0) {
      if (this.#full) return "blocked";
      const datagrams = this.#sendBatch(connection);
      if (datagrams === 0) return "done";
      budget -= datagrams;
    }
    return "more";
  }

  /** Sends datagrams of one size, the last one shorter or equal, in one call. Returns how many. */
  #sendBatch(connection: ConnectionCore): number {
    const first = connection.fill(this.#whole);
    if (first === 0) return 0;
    // Only full datagrams start a batch: after a small one, the next would be squeezed into its size.
    if (first > connection.largestSent) connection.largestSent = first;
    if (first < connection.largestSent || this.#socket.sendSegments === undefined) {
      this.send(this.#buffer.subarray(0, first), connection.remote);
      return 1;
    }
    if (this.#slotBytes !== first) this.#cutSlots(first);
    let total = first;
    let count = 1;
    while (count < this.#slots.length) {
      const length = connection.fill(this.#slots[count] as Uint8Array);
      if (length === 0) break;
      total += length;
      count++;
      if (length < first) break;
    }
    this.#sent += count;
    if (!this.#socket.sendSegments(this.#buffer.subarray(0, total), first, connection.remote))
      this.#full = true;
    return count;
  }

  #cutSlots(bytes: number): void {
    const count = Math.min(MAX_SEGMENTS, Math.floor(MAX_UDP_PAYLOAD_BYTES / bytes));
    this.#slots = Array.from({ length: count }, (_, i) => this.#buffer.subarray(i * bytes, (i + 1) * bytes));
    this.#slotBytes = bytes;
  }
}

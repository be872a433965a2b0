import { createSocket } from "node:dgram";
import type { Address, DatagramSocket } from "../../types.ts";
import { MAX_RECEIVES_PER_TURN } from "../constants.ts";
import { type WrappedDgram, wrapDgram } from "../dgram-socket.ts";
import { growBuffers } from "../socket-buffers.ts";
import { encodeSockaddr, type Libc, loadLibc } from "./libc.ts";
import { ReceiveBatch } from "./receive-batch.ts";
import { SegmentSender } from "./segment-sender.ts";
import { Trickle } from "./trickle.ts";

/**
 * Binds a UDP socket over IPv4 that receives and sends many datagrams in one system call (`recvmmsg`, UDP_SEGMENT).
 *
 * @returns null where that cannot be done, for whatever reason: `node:dgram` alone will do it, or say why not.
 */
export async function createLinuxSocket(
  options: Address,
  load: () => Promise<Libc | null> = loadLibc,
): Promise<DatagramSocket | null> {
  const name = encodeSockaddr(options.host, options.port);
  if (name === null) return null;
  const libc = await load();
  if (libc === null) return null;
  const fd = libc.socket();
  if (fd < 0) return null;
  try {
    if (libc.bind(fd, name) < 0) throw new Error("cannot bind");
    return new LinuxSocket(libc, fd);
  } catch {
    libc.close(fd);
    return null;
  }
}

type Handler = (bytes: Uint8Array, from: Address) => void;

/**
 * Node has no way to wait for a socket that is not its own, so `node:dgram` gets a second descriptor of it as a doorbell: it brings
 * the first datagram of a burst, and what follows is fetched past it. While a transfer trickles, the doorbell is taken down and a timer
 * looks instead.
 */
class LinuxSocket implements DatagramSocket {
  readonly address: Address;
  readonly datagramBytesTo: (host: string) => number;
  readonly buffers: { readonly receive: number; readonly send: number };
  readonly #libc: Libc;
  readonly #fd: number;
  readonly #batch: ReceiveBatch;
  readonly #sender: SegmentSender;
  readonly #trickle = new Trickle();
  readonly #take: Handler = (bytes, from) => {
    this.#trickle.note(bytes.length);
    this.#handler(bytes, from);
  };
  #doorbell: WrappedDgram | undefined;
  #handler: Handler = () => undefined;
  #drained: () => void = () => undefined;
  #failed: (error: unknown) => void = () => undefined;
  #left = MAX_RECEIVES_PER_TURN;
  #renewal: NodeJS.Immediate | undefined;
  #poll: NodeJS.Timeout | undefined;
  #open = true;

  /** @throws the system's error. The descriptor is the caller's until this returns. */
  constructor(libc: Libc, fd: number) {
    this.#libc = libc;
    this.#fd = fd;
    this.#batch = new ReceiveBatch(libc);
    this.#sender = new SegmentSender(libc);
    const doorbell = this.#ensureDoorbell();
    if (doorbell === undefined) throw new Error("no descriptor for the doorbell");
    this.address = doorbell.address;
    this.buffers = doorbell.buffers;
    this.datagramBytesTo = doorbell.datagramBytesTo;
  }

  send(bytes: Uint8Array, host: string, port: number): void {
    if (!this.#open || this.#sender.send(this.#fd, bytes, host, port) === "sent") return;
    this.#ensureDoorbell()?.send(bytes, host, port); // no room: node:dgram waits for it
  }

  sendSegments(bytes: Uint8Array, segmentBytes: number, to: Address): boolean {
    if (!this.#open) return true;
    const dealtWith = this.#sender.sendSegments(this.#fd, bytes, segmentBytes, to.host, to.port);
    if (dealtWith === bytes.length) return true;
    return this.#ensureDoorbell()?.sendRest(bytes.subarray(dealtWith), segmentBytes, to) ?? true;
  }

  onDrain(handler: () => void): void {
    this.#drained = handler;
  }

  onMessage(handler: Handler): void {
    this.#handler = handler;
  }

  onFailure(handler: (error: unknown) => void): void {
    this.#failed = handler;
  }

  async close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    clearImmediate(this.#renewal);
    clearTimeout(this.#poll);
    await this.#doorbell?.close();
    this.#libc.close(this.#fd);
  }

  /** Undefined where the process may open no more files: what cannot be sent is lost then, and the timer goes on looking. */
  #ensureDoorbell(): WrappedDgram | undefined {
    if (this.#doorbell !== undefined) return this.#doorbell;
    const copy = this.#libc.duplicate(this.#fd);
    if (copy < 0) return undefined;
    clearTimeout(this.#poll);
    this.#poll = undefined;
    const socket = createSocket("udp4");
    socket.bind({ fd: copy, exclusive: true });
    growBuffers(socket);
    const doorbell = wrapDgram(socket);
    doorbell.onDrain?.(() => this.#drained());
    doorbell.onMessage((bytes, from) => this.#safely(() => this.#ring(bytes, from)));
    this.#doorbell = doorbell;
    return doorbell;
  }

  #ring(bytes: Uint8Array, from: Address): void {
    this.#take(bytes, from);
    this.#renewal ??= setImmediate(() => {
      this.#renewal = undefined;
      this.#left = MAX_RECEIVES_PER_TURN;
    });
    const count = 1 + this.#receive();
    const doorbell = this.#doorbell;
    if (!this.#open || doorbell === undefined) return;
    if (!this.#trickle.woken(count, performance.now()) || doorbell.hasOutstandingSends) return;
    this.#doorbell = undefined;
    void doorbell.close();
    this.#pollSoon();
  }

  #pollSoon(): void {
    this.#poll = setTimeout(() => this.#safely(() => this.#look()), this.#trickle.pollMs);
  }

  #look(): void {
    this.#left = MAX_RECEIVES_PER_TURN;
    const count = this.#receive();
    if (!this.#open || this.#doorbell !== undefined) return;
    if (this.#trickle.polled(count, performance.now()) && this.#ensureDoorbell() !== undefined) return;
    this.#pollSoon();
  }

  #safely(step: () => void): void {
    try {
      step();
    } catch (error) {
      if (this.#open) this.#failed(error);
    }
  }

  /** Fetches what is there, up to the turn's share. Returns how many datagrams. */
  #receive(): number {
    let total = 0;
    while (this.#open && this.#left > 0) {
      const count = this.#batch.receive(this.#fd, this.#take);
      if (count === 0) break;
      total += count;
      this.#left -= count;
    }
    return total;
  }
}

import { EAGAIN, EINVAL, EIO, encodeSockaddr, type Libc, SOCKADDR_BYTES } from "./libc.ts";

/** Layout of 64-bit Linux: `struct msghdr` and its members, `struct iovec`, and a control message that holds a `uint16_t`. */
const MSGHDR_BYTES = 56;
const NAME_AT = 0;
const NAME_LENGTH_AT = 8;
const IOV_AT = 16;
const IOV_COUNT_AT = 24;
const CONTROL_AT = 32;
const CONTROL_LENGTH_AT = 40;
const IOVEC_BYTES = 16;
const CONTROL_BYTES = 24;
const CONTROL_USED_BYTES = 18;
const CONTROL_VALUE_AT = 16;
const SOL_UDP = 17;
const UDP_SEGMENT = 103;

/** What became of datagrams: the kernel has them (or has dropped them, which is a loss), or there is no room for now. */
export type Sent = "sent" | "full";

/** Sends datagrams by system calls: many of one size in a single one, which the kernel (or the network card) cuts up. */
export class SegmentSender {
  readonly #libc: Libc;
  readonly #header = Buffer.alloc(MSGHDR_BYTES);
  readonly #vector = Buffer.alloc(IOVEC_BYTES);
  readonly #control = Buffer.alloc(CONTROL_BYTES);
  readonly #name = Buffer.alloc(SOCKADDR_BYTES);
  #host = "";
  #port = -1;
  /** Kept referenced: the kernel reads from its address. */
  #memory: ArrayBufferLike | undefined;
  #memoryAt = 0n;
  #segments = true;

  constructor(libc: Libc) {
    this.#libc = libc;
    this.#header.writeBigUInt64LE(libc.address(this.#name), NAME_AT);
    this.#header.writeUInt32LE(SOCKADDR_BYTES, NAME_LENGTH_AT);
    this.#header.writeBigUInt64LE(libc.address(this.#vector), IOV_AT);
    this.#header.writeBigUInt64LE(1n, IOV_COUNT_AT);
    this.#header.writeBigUInt64LE(libc.address(this.#control), CONTROL_AT);
    this.#header.writeBigUInt64LE(BigInt(CONTROL_BYTES), CONTROL_LENGTH_AT);
    this.#control.writeBigUInt64LE(BigInt(CONTROL_USED_BYTES), 0);
    this.#control.writeInt32LE(SOL_UDP, 8);
    this.#control.writeInt32LE(UDP_SEGMENT, 12);
  }

  /** Sends one datagram. */
  send(fd: number, bytes: Uint8Array, host: string, port: number): Sent {
    if (!this.#aim(host, port)) return "sent"; // nowhere
    return this.#libc.sendto(fd, bytes, this.#name) === -EAGAIN ? "full" : "sent";
  }

  /**
   * Sends `bytes` as datagrams of `segmentBytes`, the last one shorter or equal.
   *
   * @returns how many bytes have been dealt with: fewer than all when there is no room for the rest now.
   */
  sendSegments(fd: number, bytes: Uint8Array, segmentBytes: number, host: string, port: number): number {
    if (!this.#aim(host, port)) return bytes.length;
    if (this.#segments && bytes.length > segmentBytes) {
      this.#point(bytes);
      this.#control.writeUInt16LE(segmentBytes, CONTROL_VALUE_AT);
      const outcome = this.#libc.sendmsg(fd, this.#header);
      if (outcome === -EAGAIN) return 0;
      if (outcome !== -EIO && outcome !== -EINVAL) return bytes.length;
      this.#segments = false; // an old kernel, or a card that cannot sum up: one by one from now on
    }
    for (let at = 0; at < bytes.length; at += segmentBytes) {
      const one = bytes.subarray(at, Math.min(at + segmentBytes, bytes.length));
      if (this.#libc.sendto(fd, one, this.#name) === -EAGAIN) return at;
    }
    return bytes.length;
  }

  #point(bytes: Uint8Array): void {
    if (bytes.buffer !== this.#memory) {
      this.#memory = bytes.buffer;
      this.#memoryAt = this.#libc.address(new Uint8Array(bytes.buffer));
    }
    this.#vector.writeBigUInt64LE(this.#memoryAt + BigInt(bytes.byteOffset), 0);
    this.#vector.writeBigUInt64LE(BigInt(bytes.length), 8);
  }

  #aim(host: string, port: number): boolean {
    if (host === this.#host && port === this.#port) return true;
    const name = encodeSockaddr(host, port);
    if (name === null) return false;
    this.#name.set(name);
    this.#host = host;
    this.#port = port;
    return true;
  }
}

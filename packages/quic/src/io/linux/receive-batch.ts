import type { Address } from "../../types.ts";
import { MAX_KNOWN_SENDERS, RECEIVE_BATCH, RECEIVE_SLOT_BYTES } from "../constants.ts";
import { type Libc, SOCKADDR_BYTES } from "./libc.ts";

/** Layout of 64-bit Linux: `struct mmsghdr`, its members, and `struct iovec`. */
const MMSGHDR_BYTES = 64;
const NAME_AT = 0;
const NAME_LENGTH_AT = 8;
const IOV_AT = 16;
const IOV_COUNT_AT = 24;
const FLAGS_AT = 48;
const LENGTH_AT = 56;
const IOVEC_BYTES = 16;
const MSG_TRUNC = 0x20;

/** Room for several datagrams, and the structures that tell the kernel where it is. Used again and again. */
export class ReceiveBatch {
  readonly #libc: Libc;
  readonly #headers = Buffer.alloc(RECEIVE_BATCH * MMSGHDR_BYTES);
  readonly #vectors = Buffer.alloc(RECEIVE_BATCH * IOVEC_BYTES);
  readonly #names = Buffer.alloc(RECEIVE_BATCH * SOCKADDR_BYTES);
  readonly #bytes = Buffer.allocUnsafeSlow(RECEIVE_BATCH * RECEIVE_SLOT_BYTES);
  /** The last view of each slot: most datagrams of a transfer have the same length. */
  readonly #views: Uint8Array[];
  readonly #senders = new Map<number, Address>();
  #lastKey = -1;
  #lastSender: Address = { host: "", port: 0 };

  constructor(libc: Libc) {
    this.#libc = libc;
    const [names, vectors, bytes] = [this.#names, this.#vectors, this.#bytes].map((each) =>
      libc.address(each),
    ) as [bigint, bigint, bigint];
    this.#views = Array.from({ length: RECEIVE_BATCH }, (_, i) => {
      const header = i * MMSGHDR_BYTES;
      this.#headers.writeBigUInt64LE(names + BigInt(i * SOCKADDR_BYTES), header + NAME_AT);
      this.#headers.writeUInt32LE(SOCKADDR_BYTES, header + NAME_LENGTH_AT);
      this.#headers.writeBigUInt64LE(vectors + BigInt(i * IOVEC_BYTES), header + IOV_AT);
      this.#headers.writeBigUInt64LE(1n, header + IOV_COUNT_AT);
      this.#vectors.writeBigUInt64LE(bytes + BigInt(i * RECEIVE_SLOT_BYTES), i * IOVEC_BYTES);
      this.#vectors.writeBigUInt64LE(BigInt(RECEIVE_SLOT_BYTES), i * IOVEC_BYTES + 8);
      return this.#view(i, RECEIVE_SLOT_BYTES);
    });
  }

  /** Takes what has come, at most one batch, and hands it on. Returns the number of datagrams; 0 when there are none. */
  receive(fd: number, handler: (bytes: Uint8Array, from: Address) => void): number {
    const count = this.#libc.recvmmsg(fd, this.#headers, RECEIVE_BATCH);
    for (let i = 0; i < count; i++) {
      const header = i * MMSGHDR_BYTES;
      if ((this.#headers.readInt32LE(header + FLAGS_AT) & MSG_TRUNC) !== 0) continue; // larger than any of ours
      const length = this.#headers.readUInt32LE(header + LENGTH_AT);
      let view = this.#views[i];
      if (view === undefined || view.length !== length) {
        view = this.#view(i, length);
        this.#views[i] = view;
      }
      handler(view, this.#sender(i * SOCKADDR_BYTES));
    }
    return Math.max(0, count);
  }

  #view(slot: number, length: number): Uint8Array {
    return this.#bytes.subarray(slot * RECEIVE_SLOT_BYTES, slot * RECEIVE_SLOT_BYTES + length);
  }

  #sender(at: number): Address {
    const port = this.#names.readUInt16BE(at + 2);
    const key = this.#names.readUInt32BE(at + 4) * 65_536 + port;
    if (key === this.#lastKey) return this.#lastSender;
    let sender = this.#senders.get(key);
    if (sender === undefined) {
      if (this.#senders.size >= MAX_KNOWN_SENDERS) this.#senders.clear();
      sender = { host: this.#names.subarray(at + 4, at + 8).join("."), port };
      this.#senders.set(key, sender);
    }
    this.#lastKey = key;
    this.#lastSender = sender;
    return sender;
  }
}

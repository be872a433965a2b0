import { RESET, WireError } from "./errors.ts";

/** Bytes of the length before every frame: unsigned, 32 bits, big-endian. */
export const FRAME_HEADER_BYTES = 4;
const EMPTY = new Uint8Array(0);
const encoder = new TextEncoder();

/**
 * A frame: length, then the message as UTF-8 JSON.
 * @param maxBytes longest body that the other side accepts
 * @throws WireError `internal` where the body would be longer: better to say so than to send what will be refused
 */
export function encodeFrame(message: object, maxBytes: number = Number.MAX_SAFE_INTEGER): Uint8Array {
  const body = encoder.encode(JSON.stringify(message));
  if (body.length > maxBytes) {
    throw new WireError(
      "internal",
      `a message of ${body.length} bytes, ${maxBytes} are allowed`,
      RESET.tooLarge,
    );
  }
  const frame = new Uint8Array(FRAME_HEADER_BYTES + body.length);
  writeUint32(frame, 0, body.length);
  frame.set(body, FRAME_HEADER_BYTES);
  return frame;
}

/**
 * Takes one stream's bytes as they come and yields its first frame; what follows the frame (raw bytes of a data answer,
 * or nothing) is left to the caller.
 *
 * Call order: {@link push} until {@link next} returns the body, then {@link takeRest}.
 */
export class FrameDecoder {
  readonly #maxBytes: number;
  #headerBytes = 0;
  #length = 0;
  #body: Uint8Array = EMPTY;
  #bodyBytes = 0;
  #rest: Uint8Array = EMPTY;
  #taken = false;

  /** @param maxBytes longest body accepted; a longer one is refused when its length is known, before it is buffered */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /**
   * Copies `chunk`, which the caller may reuse.
   * @throws WireError where the frame is empty or longer than the limit; the decoder is of no more use then.
   */
  push(chunk: Uint8Array): void {
    let offset = 0;
    if (this.#headerBytes < FRAME_HEADER_BYTES) {
      while (this.#headerBytes < FRAME_HEADER_BYTES && offset < chunk.length) {
        this.#length = this.#length * 0x100 + (chunk[offset] ?? 0);
        this.#headerBytes += 1;
        offset += 1;
      }
      if (this.#headerBytes < FRAME_HEADER_BYTES) return;
      checkLength(this.#length, this.#maxBytes);
    }
    const end = Math.min(chunk.length, offset + this.#length - this.#bodyBytes);
    if (end > offset) this.#append(chunk, offset, end);
    if (end < chunk.length) this.#rest = joined(this.#rest, chunk, end);
  }

  /** The frame's body once it is complete, else null. Only the first call after completion returns it. */
  next(): Uint8Array | null {
    if (this.#taken || this.#headerBytes < FRAME_HEADER_BYTES || this.#bodyBytes < this.#length) return null;
    const body = this.#body;
    this.#body = EMPTY;
    this.#taken = true;
    return body;
  }

  /** Bytes that came after the frame, which {@link next} has returned. */
  takeRest(): Uint8Array {
    if (!this.#taken) throw new Error("the frame is not complete");
    const rest = this.#rest;
    this.#rest = EMPTY;
    return rest;
  }

  /** Whether nothing of a frame has come: a stream that ends here was empty. */
  get empty(): boolean {
    return this.#headerBytes === 0;
  }

  /** Bytes of the body as announced; null until the header is there. Who has to bound many streams at once asks this. */
  get announcedBytes(): number | null {
    return this.#headerBytes < FRAME_HEADER_BYTES ? null : this.#length;
  }

  #append(chunk: Uint8Array, from: number, to: number): void {
    const needed = this.#bodyBytes + to - from;
    if (needed > this.#body.length) {
      // Memory follows the bytes that really came, not the length that was announced; doubling keeps small chunks linear.
      const grown = new Uint8Array(Math.min(this.#length, Math.max(needed, this.#body.length * 2)));
      grown.set(this.#body.subarray(0, this.#bodyBytes));
      this.#body = grown;
    }
    this.#body.set(chunk.subarray(from, to), this.#bodyBytes);
    this.#bodyBytes = needed;
  }
}

function joined(head: Uint8Array, chunk: Uint8Array, from: number): Uint8Array {
  const both = new Uint8Array(head.length + chunk.length - from);
  both.set(head);
  both.set(chunk.subarray(from), head.length);
  return both;
}

/** @throws WireError where a frame's length is 0 or over the limit */
export function checkLength(length: number, maxBytes: number): void {
  if (length === 0) throw new WireError("bad_request", "the frame is empty");
  if (length <= maxBytes) return;
  throw new WireError(
    "bad_request",
    `the frame has ${length} bytes, ${maxBytes} are allowed`,
    RESET.tooLarge,
  );
}

/** Writes an unsigned 32-bit big-endian number. */
export function writeUint32(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value >>> 24;
  bytes[offset + 1] = value >>> 16;
  bytes[offset + 2] = value >>> 8;
  bytes[offset + 3] = value;
}

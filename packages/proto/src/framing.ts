import { RESET, WireError } from "./errors.ts";
import { MAX_TAGGED_FRAME_BYTES } from "./limits.ts";

/** Bytes of the length before every frame: unsigned, 32 bits, big-endian. */
export const FRAME_HEADER_BYTES = 4;
const TAGGED_HEADER_BYTES = 1 + FRAME_HEADER_BYTES;
const EMPTY = new Uint8Array(0);
const encoder = new TextEncoder();

/** A frame: length, then the message as UTF-8 JSON. */
export function encodeFrame(message: object): Uint8Array {
  const body = encoder.encode(JSON.stringify(message));
  const frame = new Uint8Array(FRAME_HEADER_BYTES + body.length);
  writeLength(frame, 0, body.length);
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
  #buffered: Uint8Array = EMPTY;
  #used = 0;
  #done = false;

  /** @param maxBytes longest body accepted; a longer one is refused when its length is known, before it is buffered */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /**
   * Copies `chunk`, which the caller may reuse.
   * @throws WireError where the frame is empty or longer than the limit; the decoder is of no more use then.
   */
  push(chunk: Uint8Array): void {
    let rest = chunk;
    if (!this.#done && this.#used < FRAME_HEADER_BYTES) {
      const missing = FRAME_HEADER_BYTES - this.#used;
      this.#append(rest.subarray(0, missing), FRAME_HEADER_BYTES);
      rest = rest.subarray(missing);
      if (this.#used < FRAME_HEADER_BYTES) return;
      checkLength(readLength(this.#buffered, 0), this.#maxBytes);
    }
    if (rest.length > 0) this.#append(rest, this.#used + rest.length);
  }

  /** The frame's body once it is complete, else null. Only the first call after completion returns it. */
  next(): Uint8Array | null {
    if (this.#done || this.#used < FRAME_HEADER_BYTES) return null;
    const end = FRAME_HEADER_BYTES + readLength(this.#buffered, 0);
    if (this.#used < end) return null;
    const body = this.#buffered.slice(FRAME_HEADER_BYTES, end);
    this.#buffered = this.#buffered.slice(end, this.#used);
    this.#used = this.#buffered.length;
    this.#done = true;
    return body;
  }

  /** Bytes that came after the frame, which {@link next} has returned. */
  takeRest(): Uint8Array {
    if (!this.#done) throw new Error("the frame is not complete");
    const rest = this.#buffered.subarray(0, this.#used);
    this.#buffered = EMPTY;
    this.#used = 0;
    return rest;
  }

  /** Whether nothing of a frame has come: a stream that ends here was empty. */
  get empty(): boolean {
    return !this.#done && this.#used === 0;
  }

  #append(bytes: Uint8Array, capacity: number): void {
    const needed = this.#used + bytes.length;
    if (needed > this.#buffered.length) {
      // Doubling keeps many small chunks linear; never beyond what the announced frame needs plus what really came.
      const announced =
        this.#used >= FRAME_HEADER_BYTES && !this.#done
          ? FRAME_HEADER_BYTES + readLength(this.#buffered, 0)
          : capacity;
      const grown = new Uint8Array(Math.max(needed, Math.min(this.#buffered.length * 2, announced)));
      grown.set(this.#buffered.subarray(0, this.#used));
      this.#buffered = grown;
    }
    this.#buffered.set(bytes, this.#used);
    this.#used = needed;
  }
}

/** Tags of a streamed install: a control frame (JSON) or raw bytes of the current file. */
export const TAG = { control: 0, data: 1 } as const;

export type TaggedFrame =
  | { readonly tag: typeof TAG.control; readonly body: Uint8Array }
  | { readonly tag: typeof TAG.data; readonly body: Uint8Array };

/** Tag byte, length, payload. */
export function encodeTaggedFrame(tag: TaggedFrame["tag"], body: Uint8Array): Uint8Array {
  const frame = new Uint8Array(TAGGED_HEADER_BYTES + body.length);
  frame[0] = tag;
  writeLength(frame, 1, body.length);
  frame.set(body, TAGGED_HEADER_BYTES);
  return frame;
}

/** Cuts a stream of tagged frames; holds at most one frame and what was pushed with its end. */
export class TaggedFrameDecoder {
  #buffered: Uint8Array = EMPTY;

  /** @throws WireError for an unknown tag or a payload over {@link MAX_TAGGED_FRAME_BYTES} */
  *push(chunk: Uint8Array): Generator<TaggedFrame, void, void> {
    const joined = new Uint8Array(this.#buffered.length + chunk.length);
    joined.set(this.#buffered);
    joined.set(chunk, this.#buffered.length);
    let offset = 0;
    while (joined.length - offset >= 1) {
      const tag = joined[offset];
      if (tag !== TAG.control && tag !== TAG.data)
        throw new WireError("bad_request", `unknown frame tag ${tag}`);
      if (joined.length - offset < TAGGED_HEADER_BYTES) break;
      const length = readLength(joined, offset + 1);
      checkLength(length, MAX_TAGGED_FRAME_BYTES);
      const end = offset + TAGGED_HEADER_BYTES + length;
      if (joined.length < end) break;
      yield { tag, body: joined.subarray(offset + TAGGED_HEADER_BYTES, end) };
      offset = end;
    }
    this.#buffered = joined.slice(offset);
  }

  /** Whether the stream may end here: no frame is half complete. */
  get atBoundary(): boolean {
    return this.#buffered.length === 0;
  }
}

function checkLength(length: number, maxBytes: number): void {
  if (length === 0) throw new WireError("bad_request", "the frame is empty");
  if (length <= maxBytes) return;
  throw new WireError(
    "bad_request",
    `the frame has ${length} bytes, ${maxBytes} are allowed`,
    RESET.tooLarge,
  );
}

function readLength(bytes: Uint8Array, offset: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(offset);
}

function writeLength(bytes: Uint8Array, offset: number, length: number): void {
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).setUint32(offset, length);
}

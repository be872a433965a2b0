import { WireError } from "./errors.ts";
import { checkLength, FRAME_HEADER_BYTES, writeUint32 } from "./framing.ts";
import { MAX_CONTROL_FRAME_BYTES, MAX_TAGGED_FRAME_BYTES } from "./limits.ts";
import type { StreamControl } from "./stream-install.ts";

/** Tags of a streamed install: a control frame (JSON) or raw bytes of the current file. */
export const TAG = { control: 0, data: 1 } as const;
export type Tag = (typeof TAG)[keyof typeof TAG];

export interface TaggedFrame {
  readonly tag: Tag;
  /** Never empty. */
  readonly body: Uint8Array;
}

/** Tag byte and length. */
export const TAGGED_HEADER_BYTES = 1 + FRAME_HEADER_BYTES;
const EMPTY = new Uint8Array(0);
const encoder = new TextEncoder();

/**
 * Tag byte, length, payload.
 * @throws WireError where `body` is empty or longer than a frame of its tag may be
 */
export function encodeTaggedFrame(tag: Tag, body: Uint8Array): Uint8Array {
  checkLength(body.length, limitOf(tag));
  const frame = new Uint8Array(TAGGED_HEADER_BYTES + body.length);
  frame[0] = tag;
  writeUint32(frame, 1, body.length);
  frame.set(body, TAGGED_HEADER_BYTES);
  return frame;
}

/** A control frame as it goes over the wire. */
export function encodeControlFrame(message: StreamControl): Uint8Array {
  return encodeTaggedFrame(TAG.control, encoder.encode(JSON.stringify(message)));
}

/**
 * What the first {@link TAGGED_HEADER_BYTES} of a frame say: for readers that put payloads where they belong as they come.
 *
 * @throws WireError for an unknown tag, an empty payload, or one over its limit
 */
export function parseTaggedHeader(header: Uint8Array): { readonly tag: Tag; readonly length: number } {
  const tag = checkTag(header[0]);
  const length = new DataView(header.buffer, header.byteOffset).getUint32(1);
  checkLength(length, limitOf(tag));
  return { tag, length };
}

/**
 * Cuts a stream of tagged frames. Holds at most one incomplete frame and the frames of the last chunk.
 *
 * Call order: {@link push}, then {@link next} until it returns null; at the stream's end {@link atBoundary}.
 */
export class TaggedFrameDecoder {
  readonly #header = new Uint8Array(TAGGED_HEADER_BYTES);
  #headerBytes = 0;
  #body: Uint8Array = EMPTY;
  #bodyBytes = 0;
  #ready: TaggedFrame[] = [];
  #nextReady = 0;

  /**
   * Copies `chunk`, which the caller may reuse.
   * @throws WireError for an unknown tag, an empty payload, or one over its limit, before it is buffered
   */
  push(chunk: Uint8Array): void {
    let offset = 0;
    while (offset < chunk.length) {
      if (this.#headerBytes < TAGGED_HEADER_BYTES) {
        this.#header[this.#headerBytes] = chunk[offset] ?? 0;
        this.#headerBytes += 1;
        offset += 1;
        this.#checkHeader();
        continue;
      }
      const length = this.#length();
      const end = Math.min(chunk.length, offset + length - this.#bodyBytes);
      this.#append(chunk, offset, end, length);
      offset = end;
      if (this.#bodyBytes === length) this.#complete();
    }
  }

  /** The next complete frame, or null until more was pushed. */
  next(): TaggedFrame | null {
    const frame = this.#ready[this.#nextReady];
    if (frame === undefined) {
      this.#ready = [];
      this.#nextReady = 0;
      return null;
    }
    this.#nextReady += 1;
    return frame;
  }

  /** Whether the stream may end here: no frame is half complete or unread. */
  get atBoundary(): boolean {
    return this.#headerBytes === 0 && this.#nextReady === this.#ready.length;
  }

  #checkHeader(): void {
    const tag = this.#tag();
    if (this.#headerBytes === TAGGED_HEADER_BYTES) checkLength(this.#length(), limitOf(tag));
  }

  #tag(): Tag {
    return checkTag(this.#header[0]);
  }

  #length(): number {
    return new DataView(this.#header.buffer).getUint32(1);
  }

  #append(chunk: Uint8Array, from: number, to: number, length: number): void {
    const needed = this.#bodyBytes + to - from;
    if (needed > this.#body.length) {
      // As in FrameDecoder: memory follows the bytes that came.
      const grown = new Uint8Array(Math.min(length, Math.max(needed, this.#body.length * 2)));
      grown.set(this.#body.subarray(0, this.#bodyBytes));
      this.#body = grown;
    }
    this.#body.set(chunk.subarray(from, to), this.#bodyBytes);
    this.#bodyBytes = needed;
  }

  #complete(): void {
    this.#ready.push({ tag: this.#tag(), body: this.#body });
    this.#headerBytes = 0;
    this.#body = EMPTY;
    this.#bodyBytes = 0;
  }
}

function checkTag(tag: number | undefined): Tag {
  if (tag === TAG.control || tag === TAG.data) return tag;
  throw new WireError("bad_request", `unknown frame tag ${tag}`);
}

function limitOf(tag: Tag): number {
  return tag === TAG.control ? MAX_CONTROL_FRAME_BYTES : MAX_TAGGED_FRAME_BYTES;
}

import {
  parseStreamControl,
  parseTaggedHeader,
  type StreamControl,
  TAG,
  TAGGED_HEADER_BYTES,
} from "@lanspread/proto";
import { type RawAnswer, readFully } from "../../transfer/index.ts";
import { SourceFault } from "./source-fault.ts";

export interface FrameReaderOptions {
  readonly answer: RawAnswer;
  /** Bytes of frames have come. */
  readonly onBytes: (count: number) => void;
}

/** A control frame, or the announcement of so many raw bytes, which are read before the next frame is. */
export type StreamFrame =
  | { readonly tag: typeof TAG.control; readonly message: StreamControl }
  | { readonly tag: typeof TAG.data; readonly length: number };

/** Reads tagged frames, and not a byte more than they have: raw bytes are read to where they belong. */
export class FrameReader {
  readonly #options: FrameReaderOptions;
  readonly #header = Buffer.alloc(TAGGED_HEADER_BYTES);

  constructor(options: FrameReaderOptions) {
    this.#options = options;
  }

  /** @throws WireError for what is no frame; SourceFault where the stream ends; what the stream and the signal say */
  async next(signal: AbortSignal): Promise<StreamFrame> {
    await this.#fill(this.#header, signal);
    const { tag, length } = parseTaggedHeader(this.#header);
    if (tag === TAG.data) return { tag, length };
    const body = Buffer.allocUnsafe(length);
    await this.#fill(body, signal);
    return { tag, message: parseStreamControl(body) };
  }

  /** Waits for raw bytes of the running frame; puts as many into `into` as there are and fit, and returns how many. */
  async some(into: Uint8Array, signal: AbortSignal): Promise<number> {
    const { answer, onBytes } = this.#options;
    const count = await answer.read(into, { signal });
    if (count === 0) throw endsTooEarly();
    onBytes(count);
    return count;
  }

  /**
   * Takes the end of the stream. Everything has come by then: that it cannot be had any more changes nothing.
   *
   * @throws SourceFault where bytes come instead
   */
  async end(signal: AbortSignal): Promise<void> {
    const more = await this.#options.answer.read(new Uint8Array(1), { signal }).catch(() => 0);
    if (more > 0) throw new SourceFault("wrong", "bytes come behind complete");
  }

  async #fill(into: Buffer, signal: AbortSignal): Promise<void> {
    const { answer, onBytes } = this.#options;
    const count = await readFully(answer, into, { signal });
    if (count < into.length) throw endsTooEarly();
    onBytes(count);
  }
}

function endsTooEarly(): SourceFault {
  return new SourceFault("gone", "its stream ends before the game is complete");
}

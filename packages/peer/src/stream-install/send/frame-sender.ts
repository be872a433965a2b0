import {
  encodeControlFrame,
  MAX_TAGGED_FRAME_BYTES,
  type StreamControl,
  TAG,
  TAGGED_HEADER_BYTES,
} from "@lanspread/proto";
import { writeInSteps } from "../../serve/write-in-steps.ts";
import type { OutboundTransfer, RequestStream } from "../../transfer/index.ts";
import { FRAME_BUFFER_BYTES } from "./constants.ts";

/**
 * Writes tagged frames, collected in one buffer that is written whenever it is full. Its size is all the memory it takes,
 * and whoever waits for a call has the back-pressure of the receiver.
 *
 * Call order: {@link control} and {@link data} one after the other, {@link flush} at the end. What they reject with is what
 * the stream and the transfer's signal say; nothing may be sent after that.
 */
export class FrameSender {
  readonly #stream: Pick<RequestStream, "write">;
  readonly #transfer: OutboundTransfer;
  readonly #buffer = Buffer.allocUnsafeSlow(FRAME_BUFFER_BYTES);
  #filled = 0;

  constructor(stream: Pick<RequestStream, "write">, transfer: OutboundTransfer) {
    this.#stream = stream;
    this.#transfer = transfer;
  }

  async control(message: StreamControl): Promise<void> {
    await this.#append(encodeControlFrame(message));
  }

  /** Sends bytes of the current file, as many frames as it takes. The caller may use them again when it resolves. */
  async data(bytes: Uint8Array): Promise<void> {
    for (let offset = 0; offset < bytes.length; offset += MAX_TAGGED_FRAME_BYTES) {
      const body = bytes.subarray(offset, offset + MAX_TAGGED_FRAME_BYTES);
      await this.#append(headerOf(body.length));
      await this.#append(body);
    }
  }

  /** Writes what is collected. */
  async flush(): Promise<void> {
    const filled = this.#filled;
    this.#filled = 0;
    await writeInSteps(this.#stream, this.#buffer.subarray(0, filled), this.#transfer);
  }

  async #append(bytes: Uint8Array): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      const part = bytes.subarray(done, done + this.#buffer.length - this.#filled);
      this.#buffer.set(part, this.#filled);
      this.#filled += part.length;
      done += part.length;
      if (this.#filled === this.#buffer.length) await this.flush();
    }
  }
}

function headerOf(length: number): Uint8Array {
  const header = Buffer.alloc(TAGGED_HEADER_BYTES);
  header[0] = TAG.data;
  header.writeUInt32BE(length, 1);
  return header;
}

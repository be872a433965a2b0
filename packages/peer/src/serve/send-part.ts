import { RESET, WireError } from "@lanspread/proto";
import type { BufferPool, OutboundTransfer, RequestStream } from "../transfer/index.ts";
import { SEND_BUFFER_BYTES } from "./constants.ts";
import type { OpenPayload } from "./open-payload.ts";
import { writeInSteps } from "./write-in-steps.ts";

export interface SendPartOptions {
  readonly stream: Pick<RequestStream, "write">;
  readonly payload: Pick<OpenPayload, "read">;
  /** Bytes. */
  readonly offset: number;
  /** Bytes. */
  readonly length: number;
  readonly buffers: BufferPool;
  readonly transfer: OutboundTransfer;
  /** Asked before every read: throws where the bytes may no longer be served. */
  readonly checkGate: () => void;
}

interface Filled {
  readonly buffer: Buffer;
  readonly length: number;
}

/**
 * Sends a part of a file as it lies on the disk. The next bytes are read while the last ones are taken by the transport;
 * a receiver that takes none stops the reading too.
 *
 * @throws WireError with the reset `revoked` where the file ends too early; what the disk, the stream, the gate and the
 *   signal say. No read is under way any more then.
 */
export async function sendPart(options: SendPartOptions): Promise<void> {
  const { stream, offset, length, buffers, transfer } = options;
  const { signal } = transfer;
  let position = offset;
  const end = offset + length;
  const readNext = async (): Promise<Filled | null> => {
    if (position >= end) return null;
    signal.throwIfAborted();
    options.checkGate();
    const wanted = Math.min(SEND_BUFFER_BYTES, end - position);
    const buffer = buffers.take(wanted);
    await fill(options.payload, buffer.subarray(0, wanted), position);
    position += wanted;
    return { buffer, length: wanted };
  };
  let filled = await readNext();
  while (filled !== null) {
    const next = readNext();
    // Awaited below, however the writing ends: until then its failure is not unhandled.
    next.catch(() => {});
    try {
      await writeInSteps(stream, filled.buffer.subarray(0, filled.length), transfer);
    } catch (error) {
      // The buffer is not used again: the transport may still hold it.
      await Promise.allSettled([next]);
      throw error;
    }
    buffers.give(filled.buffer);
    filled = await next;
  }
}

async function fill(payload: Pick<OpenPayload, "read">, into: Uint8Array, position: number): Promise<void> {
  for (let filled = 0; filled < into.length; ) {
    const count = await payload.read(into.subarray(filled), position + filled);
    if (count === 0) throw new WireError("manifest_changed", "the file ends too early", RESET.revoked);
    filled += count;
  }
}

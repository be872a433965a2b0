import { RESET, WireError } from "@lanspread/proto";
import type { BufferPool, OutboundTransfer } from "../transfer/index.ts";
import { SEND_BUFFER_BYTES } from "./constants.ts";
import type { OpenPayload } from "./open-payload.ts";
import { type StepStream, writeInSteps } from "./write-in-steps.ts";

export interface SendPartOptions {
  /** Its `end` gets the last bytes. */
  readonly stream: StepStream;
  readonly payload: Pick<OpenPayload, "read">;
  /** The game and the path in it, for the message. */
  readonly what: string;
  /** Bytes. */
  readonly offset: number;
  /** Bytes. */
  readonly length: number;
  /** What goes before the part, in one write with the first of its bytes. Default: nothing. */
  readonly head?: Uint8Array;
  readonly buffers: BufferPool;
  readonly transfer: OutboundTransfer;
  /** Asked before every read: throws where the bytes may no longer be served. */
  readonly checkGate: () => void;
  /** Asked when everything is read, before the last bytes are sent: rejects where they may not be. */
  readonly checkRead?: () => Promise<void>;
}

interface Filled {
  readonly buffer: Buffer;
  readonly length: number;
  readonly isLast: boolean;
}

const NO_BYTES = new Uint8Array(0);

/**
 * Sends a part of a file as it lies on the disk. The next bytes are read while the last ones are taken by the transport;
 * a receiver that takes none stops the reading too.
 *
 * @throws WireError with the reset `revoked` where the file ends too early; what the disk, the stream, the gate and the
 *   signal say. No read is under way any more then.
 */
export async function sendPart(options: SendPartOptions): Promise<void> {
  const { stream, offset, length, head = NO_BYTES, buffers, transfer } = options;
  const { signal } = transfer;
  let position = offset;
  const end = offset + length;
  const readNext = async (before: Uint8Array): Promise<Filled> => {
    signal.throwIfAborted();
    options.checkGate();
    const wanted = Math.min(SEND_BUFFER_BYTES - before.length, end - position);
    const buffer = buffers.take(before.length + wanted);
    buffer.set(before);
    await fill(options, buffer.subarray(before.length, before.length + wanted), position);
    position += wanted;
    const isLast = position >= end;
    if (isLast) await options.checkRead?.();
    return { buffer, length: before.length + wanted, isLast };
  };
  if (length === 0 && head.length === 0) return;
  let filled: Filled | null = await readNext(head);
  while (filled !== null) {
    const next: Promise<Filled> | null = filled.isLast ? null : readNext(NO_BYTES);
    // Awaited below, however the writing ends: until then its failure is not unhandled.
    next?.catch(() => {});
    try {
      await writeInSteps(stream, filled.buffer.subarray(0, filled.length), transfer, filled.isLast);
    } catch (error) {
      // The buffer is not used again: the transport may still hold it.
      await Promise.allSettled([next]);
      throw error;
    }
    buffers.give(filled.buffer);
    filled = await next;
  }
}

async function fill(
  { payload, what }: Pick<SendPartOptions, "payload" | "what">,
  into: Uint8Array,
  position: number,
): Promise<void> {
  for (let filled = 0; filled < into.length; ) {
    const count = await payload.read(into.subarray(filled), position + filled);
    if (count === 0)
      throw new WireError("manifest_changed", `${what} was cut while it was sent`, RESET.revoked);
    filled += count;
  }
}

import type { OutboundTransfer, RequestStream, Waiting } from "../transfer/index.ts";
import { WRITE_STEP_BYTES } from "./constants.ts";

/** Takes bytes in their order. */
export interface StepStream extends Pick<RequestStream, "write"> {
  /** Takes the last bytes of all, where they have to be told from the others. */
  readonly end?: (bytes: Uint8Array, options: Waiting) => Promise<void>;
}

/**
 * Writes bytes so that a slow receiver is seen to make progress: it is told apart from one that takes nothing.
 *
 * @param isEnd whether nothing comes behind them
 */
export async function writeInSteps(
  stream: StepStream,
  bytes: Uint8Array,
  progress: OutboundTransfer,
  isEnd = false,
): Promise<void> {
  const { signal } = progress;
  for (let offset = 0; offset < bytes.length; offset += WRITE_STEP_BYTES) {
    const step = bytes.subarray(offset, offset + WRITE_STEP_BYTES);
    const isLast = isEnd && offset + step.length === bytes.length;
    if (isLast && stream.end !== undefined) await stream.end(step, { signal });
    else await stream.write(step, { signal });
    progress.moved(step.length);
  }
}

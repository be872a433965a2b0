import type { OutboundTransfer, RequestStream } from "../transfer/index.ts";
import { WRITE_STEP_BYTES } from "./constants.ts";

/** Writes bytes so that a slow receiver is seen to make progress: it is told apart from one that takes nothing. */
export async function writeInSteps(
  stream: Pick<RequestStream, "write">,
  bytes: Uint8Array,
  progress: OutboundTransfer,
): Promise<void> {
  const { signal } = progress;
  for (let offset = 0; offset < bytes.length; offset += WRITE_STEP_BYTES) {
    const step = bytes.subarray(offset, offset + WRITE_STEP_BYTES);
    await stream.write(step, { signal });
    progress.moved(step.length);
  }
}

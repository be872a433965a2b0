import { STREAM_CHUNK_BYTES, STREAM_CHUNKS, STREAM_STEPS } from "../constants.ts";
import type { EntryOutput } from "./entry-output.ts";
import { type StreamStep, TAKEN_SLOT, type UnrarReply, WAKE_SLOT } from "./messages.ts";

export interface RingOutputOptions {
  /** The bytes: STREAM_CHUNKS chunks of STREAM_CHUNK_BYTES. */
  readonly ring: SharedArrayBuffer;
  /** The slots that both threads share. */
  readonly control: Int32Array;
  readonly say: (reply: UnrarReply & { type: "steps" }) => void;
  /** Throws when the request was cancelled: asked each time that this thread wakes up. */
  readonly leaveIfCancelled: () => void;
}

export interface RingOutput extends EntryOutput {
  /** Hands over what is not handed over yet. */
  flush(): void;
}

/**
 * Hands the content of an archive to the main thread, chunk by chunk. Small files share a chunk. It blocks the thread
 * while all chunks of the ring wait to be taken: that is what bounds memory.
 */
export function createRingOutput({ ring, control, say, leaveIfCancelled }: RingOutputOptions): RingOutput {
  const memory = new Uint8Array(ring);
  /** Chunks handed over. The one that is being filled is the next. */
  let sent = 0;
  let filled = 0;
  let steps: StreamStep[] = [];

  const waitForChunk = (): void => {
    for (;;) {
      // Read first: whoever cancels or takes a chunk after this line has changed it.
      const wake = Atomics.load(control, WAKE_SLOT);
      leaveIfCancelled();
      if (sent - Atomics.load(control, TAKEN_SLOT) < STREAM_CHUNKS) return;
      Atomics.wait(control, WAKE_SLOT, wake);
    }
  };

  const flush = (): void => {
    if (steps.length === 0) return;
    say({ type: "steps", chunk: sent % STREAM_CHUNKS, steps });
    sent += 1;
    filled = 0;
    steps = [];
  };

  const add = (step: StreamStep): void => {
    if (steps.length === 0) waitForChunk();
    steps.push(step);
    if (steps.length === STREAM_STEPS) flush();
  };

  return {
    flush,
    makeDirectory: ({ path }) => add({ type: "directory", path }),
    open: ({ path, size }, mtime) => add({ type: "begin", path, size, mtime }),
    write(bytes) {
      for (let done = 0; done < bytes.length; ) {
        if (steps.length === 0) waitForChunk();
        const length = Math.min(bytes.length - done, STREAM_CHUNK_BYTES - filled);
        const place = (sent % STREAM_CHUNKS) * STREAM_CHUNK_BYTES + filled;
        memory.set(bytes.subarray(done, done + length), place);
        done += length;
        filled += length;
        add({ type: "bytes", length });
        if (filled === STREAM_CHUNK_BYTES) flush();
      }
    },
    close: (crc32) => add({ type: "end", crc32 }),
    abandon: () => {},
  };
}

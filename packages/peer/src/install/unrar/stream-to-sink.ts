import { STREAM_CHUNK_BYTES } from "../constants.ts";
import type { EntrySink } from "../types.ts";
import { TAKEN_SLOT, type UnrarReply, WAKE_SLOT } from "./messages.ts";
import type { RingMemory } from "./ring-memory.ts";

export interface StreamToSinkOptions {
  readonly memory: RingMemory;
  readonly control: Int32Array;
  readonly sink: EntrySink;
  /** Throws when the stream is over before its time: asked before each call of the sink. */
  readonly leaveIfEnded: () => void;
}

/** Takes the chunks of the unpacking thread and hands their content to the sink, one call at a time. */
export function createStreamToSink({ memory, control, sink, leaveIfEnded }: StreamToSinkOptions) {
  const ring = new Uint8Array(memory.ring);
  // A sink may give the bytes to calls that take no memory that another thread can write to.
  const chunkBytes = memory.chunk;

  return async ({ chunk, steps }: UnrarReply & { type: "steps" }): Promise<void> => {
    let place = chunk * STREAM_CHUNK_BYTES;
    for (const step of steps) {
      leaveIfEnded();
      switch (step.type) {
        case "directory":
          await sink.directory({ path: step.path });
          break;
        case "begin":
          await sink.fileBegin({ path: step.path, size: step.size, mtime: step.mtime });
          break;
        case "bytes":
          chunkBytes.set(ring.subarray(place, place + step.length));
          place += step.length;
          await sink.bytes(chunkBytes.subarray(0, step.length));
          break;
        case "end":
          await sink.fileEnd({ crc32: step.crc32 });
          break;
      }
    }
    Atomics.add(control, TAKEN_SLOT, 1);
    Atomics.add(control, WAKE_SLOT, 1);
    Atomics.notify(control, WAKE_SLOT);
  };
}

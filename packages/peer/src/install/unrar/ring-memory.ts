import { STREAM_CHUNK_BYTES, STREAM_CHUNKS } from "../constants.ts";

/** Streams whose memory is kept for the next ones: a game has several archives, one after the other. */
const SPARE_RINGS = 2;

/** What a stream needs between the unpacking thread and who gets the bytes. */
export interface RingMemory {
  /** STREAM_CHUNKS chunks of STREAM_CHUNK_BYTES, which both threads share. */
  readonly ring: SharedArrayBuffer;
  /** The chunk that is being handed over, where no other thread can write to it. */
  readonly chunk: Uint8Array;
}

/** Memory that is used again: the collector does not count what threads share, and would leave that of dozens of streams for hours. */
export interface RingPool {
  take(): RingMemory;
  /** Nobody reads or writes it any more. */
  give(memory: RingMemory): void;
}

export function createRingPool(): RingPool {
  const spare: RingMemory[] = [];
  return {
    take: () =>
      spare.pop() ?? {
        ring: new SharedArrayBuffer(STREAM_CHUNKS * STREAM_CHUNK_BYTES),
        chunk: new Uint8Array(STREAM_CHUNK_BYTES),
      },
    give: (memory) => {
      if (spare.length < SPARE_RINGS) spare.push(memory);
    },
  };
}

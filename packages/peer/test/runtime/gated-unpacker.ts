import { createUnrarJsUnpacker, type Unpacker } from "../../src/index.ts";

/** An unpacker that stands still in the middle of a stream until it is told to go on. */
export interface GatedUnpacker extends Unpacker {
  /** Resolves when somebody has got the first bytes of a stream. */
  readonly begun: Promise<void>;
  /** Lets all streams go on, now and from now on. */
  open(): void;
  /** What every stream rejects with from now on, before its first byte. */
  fail(error: Error): void;
}

export function gatedUnpacker(): GatedUnpacker {
  const real = createUnrarJsUnpacker();
  const begun = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  let failure: Error | null = null;
  return {
    ...real,
    begun: begun.promise,
    open: () => gate.resolve(),
    fail: (error) => {
      failure = error;
    },
    stream: (options) => {
      if (failure !== null) return Promise.reject(failure);
      const { sink } = options;
      return real.stream({
        ...options,
        sink: {
          directory: (entry) => sink.directory(entry),
          fileBegin: (entry) => sink.fileBegin(entry),
          fileEnd: (entry) => sink.fileEnd(entry),
          bytes: async (chunk) => {
            await sink.bytes(chunk);
            begun.resolve();
            await gate.promise;
          },
        },
      });
    },
  };
}

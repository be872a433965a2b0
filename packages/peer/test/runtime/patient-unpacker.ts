import { setImmediate as nextTurn } from "node:timers/promises";
import { createUnrarJsUnpacker, type Unpacker } from "../../src/index.ts";

/** An unpacker that waits for a word before it unpacks anything: whoever installs with it is busy until then. */
export interface PatientUnpacker extends Unpacker {
  /** Resolves when somebody waits for the word. */
  readonly begun: Promise<void>;
  /** Lets it unpack, now and from now on. */
  go(): void;
}

export function patientUnpacker(): PatientUnpacker {
  const real = createUnrarJsUnpacker();
  const begun = Promise.withResolvers<void>();
  const word = Promise.withResolvers<void>();
  return {
    begun: begun.promise,
    go: () => word.resolve(),
    list: real.list,
    stream: real.stream,
    unpack: async (options) => {
      const { signal } = options;
      begun.resolve();
      const aborted = Promise.withResolvers<void>();
      const end = (): void => aborted.resolve();
      signal?.addEventListener("abort", end, { once: true });
      await Promise.race([word.promise, aborted.promise]);
      signal?.removeEventListener("abort", end);
      // Leaves its place a moment after it was told to, as real work does.
      await nextTurn();
      signal?.throwIfAborted();
      return await real.unpack(options);
    },
  };
}

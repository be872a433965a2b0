import { isMainThread } from "node:worker_threads";
import type { NativeLibrary } from "./core/native-types.ts";
import { QuicUnavailableError } from "./errors.ts";
import { withOwnCopies } from "./native-copy.ts";

/**
 * Loads the native library. It comes as a binary for Linux x64, macOS and Windows x64.
 *
 * @throws QuicUnavailableError on other machines, and in threads that cannot have a copy of it
 */
export async function loadNativeLibrary(): Promise<NativeLibrary> {
  try {
    const module = isMainThread ? await load() : await withOwnCopies(load);
    return module.default;
  } catch (cause) {
    if (cause instanceof QuicUnavailableError) throw cause;
    const machine = `${process.platform}-${process.arch}`;
    const message = `QUIC has no native library for ${machine} (there is one for linux-x64, darwin-x64, darwin-arm64 and win32-x64)`;
    throw new QuicUnavailableError(message, { cause });
  }
}

function load() {
  return import("@matrixai/quic/native/quiche.js");
}

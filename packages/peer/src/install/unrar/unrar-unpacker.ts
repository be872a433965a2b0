import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { PeerError } from "../../errors/index.ts";
import { checkEntryPaths } from "../entry-rules.ts";
import type { ArchiveListing, Unpacker, UnpackOptions } from "../types.ts";
import {
  type ApprovedEntry,
  CANCELLED_SLOT,
  CONTROL_SLOTS,
  type RawListing,
  type UnrarReply,
  type UnrarRequest,
} from "./messages.ts";

/** The worker beside this file: a source when this is a source, compiled when this is compiled. */
const WORKER_URL = new URL(import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js", import.meta.url);

/**
 * The default unpacker: UnRAR compiled to WebAssembly. Each call has a thread of its own, which ends with it: the
 * library's memory never shrinks, and after an error it is not used again.
 *
 * RAR 4 and RAR 5, solid or not, in one file or in volumes (`.partN.eti`; `.eti`, `.r00`, `.r01` …), of any size.
 * Stored data goes at 200 to 550 MB/s. Times are kept to the millisecond, those of RAR 4 to two seconds.
 */
export function createUnrarJsUnpacker(): Unpacker {
  return {
    list: (archive, { signal } = {}) =>
      withWorker(archive, signal, async (ask) => describe(archive, await askForListing(ask, archive))),
    unpack: ({ archive, into, signal, onProgress }: UnpackOptions) =>
      withWorker(archive, signal, async (ask) => {
        const raw = await askForListing(ask, archive);
        const { unpackedBytes } = describe(archive, raw);
        const entries = approve(archive, raw);
        const reply = await ask({ type: "unpack", archive, into, entries }, ({ index, bytes }) => {
          onProgress?.({
            entry: entries[Math.min(index, entries.length - 1)]?.path ?? "",
            doneEntries: index,
            totalEntries: entries.length,
            doneBytes: bytes,
            totalBytes: unpackedBytes,
          });
        });
        if (reply.type !== "unpacked") throw unexpected(reply);
        return reply.files;
      }),
  };
}

type Progress = Extract<UnrarReply, { type: "progress" }>;
type LastReply = Exclude<UnrarReply, { type: "progress" }>;
type Ask = (request: UnrarRequest, onProgress?: (progress: Progress) => void) => Promise<LastReply>;

async function askForListing(ask: Ask, archive: string): Promise<RawListing> {
  const reply = await ask({ type: "list", archive });
  if (reply.type !== "listing") throw unexpected(reply);
  return reply.listing;
}

function approve(archive: string, { entries }: RawListing): ApprovedEntry[] {
  const paths = checkEntryPaths(archive, entries);
  return entries.map((entry, index) => ({ ...entry, path: paths[index] ?? entry.name }));
}

function describe(archive: string, raw: RawListing): ArchiveListing {
  const entries = approve(archive, raw).map(({ path, type, size, mtime }) => ({ path, type, size, mtime }));
  return {
    solid: raw.solid,
    entries,
    unpackedBytes: entries.reduce((sum, { size }) => sum + size, 0),
    volumes: raw.volumes,
  };
}

/** Runs `work` with a thread that ends afterwards, whatever happens. */
async function withWorker<T>(
  archive: string,
  signal: AbortSignal | undefined,
  work: (ask: Ask) => Promise<T>,
): Promise<T> {
  if (signal?.aborted === true) throw cancelled(archive);
  const control = new Int32Array(new SharedArrayBuffer(CONTROL_SLOTS * Int32Array.BYTES_PER_ELEMENT));
  const onAbort = (): void => {
    Atomics.store(control, CANCELLED_SLOT, 1);
  };
  signal?.addEventListener("abort", onAbort, { once: true });
  // The thread needs none of the flags that the process was started with, and some of them would break it.
  const worker = new Worker(WORKER_URL, {
    workerData: control.buffer,
    execArgv: [],
    name: "lanspread-unrar",
  });
  try {
    return await work((request, onProgress) => askWorker(worker, request, onProgress));
  } catch (error) {
    if (error instanceof Cancelled) throw cancelled(archive);
    throw error;
  } finally {
    signal?.removeEventListener("abort", onAbort);
    await worker.terminate();
  }
}

async function askWorker(
  worker: Worker,
  request: UnrarRequest,
  onProgress: ((progress: Progress) => void) | undefined,
): Promise<LastReply> {
  const over = new AbortController();
  try {
    const { promise, resolve, reject } = Promise.withResolvers<LastReply>();
    const onMessage = (reply: UnrarReply): void => {
      if (reply.type === "progress") onProgress?.(reply);
      else resolve(reply);
    };
    const onError = (error: unknown): void => reject(fault(error));
    worker.on("message", onMessage).on("error", onError);
    once(worker, "exit", { signal: over.signal }).then(
      () => reject(fault(new Error("it ended by itself"))),
      () => {},
    );
    worker.postMessage(request);
    const reply = await promise.finally(() => worker.off("message", onMessage).off("error", onError));
    if (reply.type === "cancelled") throw new Cancelled();
    if (reply.type === "failed") throw new PeerError(reply.code, reply.message);
    return reply;
  } finally {
    over.abort();
  }
}

class Cancelled extends Error {}

function cancelled(archive: string): PeerError {
  return new PeerError("cancelled", `Unpacking ${archive} was cancelled.`);
}

function fault(cause: unknown): PeerError {
  const detail = cause instanceof Error ? cause.message : String(cause);
  return new PeerError("internal", `the unpacking thread failed: ${detail}`, { cause });
}

function unexpected(reply: LastReply): PeerError {
  return new PeerError("internal", `the unpacking thread answered ${reply.type}`);
}

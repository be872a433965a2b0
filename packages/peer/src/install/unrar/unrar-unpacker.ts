import { on } from "node:events";
import { Worker } from "node:worker_threads";
import { PeerError } from "../../errors/index.ts";
import { STREAM_CHUNK_BYTES, STREAM_CHUNKS } from "../constants.ts";
import { checkEntryPaths } from "../entry-rules.ts";
import type { ArchiveListing, StreamOptions, Unpacker, UnpackOptions } from "../types.ts";
import {
  type ApprovedEntry,
  CANCELLED_SLOT,
  CONTROL_SLOTS,
  type RawListing,
  type UnrarReply,
  type UnrarRequest,
  WAKE_SLOT,
} from "./messages.ts";
import { createStreamToSink } from "./stream-to-sink.ts";

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
        const reply = await ask({ type: "unpack", archive, into, entries }, async (told) => {
          if (told.type !== "progress") return;
          onProgress?.({
            entry: entries[Math.min(told.index, entries.length - 1)]?.path ?? "",
            doneEntries: told.index,
            totalEntries: entries.length,
            doneBytes: told.bytes,
            totalBytes: unpackedBytes,
          });
        });
        if (reply.type !== "unpacked") throw unexpected(reply);
        return reply.files;
      }),
    stream: ({ archive, signal, sink }: StreamOptions) =>
      withWorker(archive, signal, async (ask, control) => {
        const entries = approve(archive, await askForListing(ask, archive));
        const ring = new SharedArrayBuffer(STREAM_CHUNKS * STREAM_CHUNK_BYTES);
        const leaveIfCancelled = (): void => {
          if (signal?.aborted === true) throw new Cancelled();
        };
        const handOver = createStreamToSink({ ring, control, sink, leaveIfCancelled });
        const reply = await ask({ type: "stream", archive, entries, ring }, async (told) => {
          if (told.type === "steps") await handOver(told);
        });
        if (reply.type !== "streamed") throw unexpected(reply);
        return reply.totals;
      }),
  };
}

/** A listing whose names have passed the rules for paths, with all that the headers tell. */
export interface ApprovedListing extends Omit<RawListing, "entries"> {
  readonly entries: readonly ApprovedEntry[];
}

/** Lists an archive for who unpacks it by other means. Rejects as {@link Unpacker.list} does. */
export function listApproved(archive: string, signal?: AbortSignal): Promise<ApprovedListing> {
  return withWorker(archive, signal, async (ask) => {
    const raw = await askForListing(ask, archive);
    return { ...raw, entries: approve(archive, raw) };
  });
}

/** What the worker says in the middle of a request. */
type Interim = Extract<UnrarReply, { type: "progress" | "steps" }>;
type LastReply = Exclude<UnrarReply, Interim>;
/** `onInterim` is called with one message at a time. */
type Ask = (request: UnrarRequest, onInterim?: (told: Interim) => Promise<void>) => Promise<LastReply>;

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
  work: (ask: Ask, control: Int32Array) => Promise<T>,
): Promise<T> {
  if (signal?.aborted === true) throw cancelled(archive);
  const control = new Int32Array(new SharedArrayBuffer(CONTROL_SLOTS * Int32Array.BYTES_PER_ELEMENT));
  const aborted = Promise.withResolvers<never>();
  aborted.promise.catch(() => {});
  const leave = (): void => {
    Atomics.store(control, CANCELLED_SLOT, 1);
    Atomics.add(control, WAKE_SLOT, 1);
    Atomics.notify(control, WAKE_SLOT);
  };
  const onAbort = (): void => {
    leave();
    aborted.reject(new Cancelled());
  };
  signal?.addEventListener("abort", onAbort, { once: true });
  // The thread needs none of the flags that the process was started with, and some of them would break it.
  const worker = new Worker(WORKER_URL, {
    workerData: control.buffer,
    execArgv: [],
    name: "lanspread-unrar",
  });
  // Between two requests nobody listens, and an error that nobody hears ends the process.
  worker.on("error", () => {});
  try {
    const ask: Ask = (request, onInterim) =>
      askWorker(worker, request, async (told) => {
        // What waits here may be somebody who does not know of the signal.
        await Promise.race([onInterim?.(told), aborted.promise]);
      });
    return await work(ask, control);
  } catch (error) {
    if (error instanceof Cancelled) throw cancelled(archive);
    throw error;
  } finally {
    signal?.removeEventListener("abort", onAbort);
    leave();
    await worker.terminate();
  }
}

async function askWorker(
  worker: Worker,
  request: UnrarRequest,
  onInterim: (told: Interim) => Promise<void>,
): Promise<LastReply> {
  const replies = on(worker, "message", { close: ["exit"] });
  worker.postMessage(request);
  for (;;) {
    const reply = await nextReply(replies);
    switch (reply.type) {
      case "progress":
      case "steps":
        await onInterim(reply);
        break;
      case "cancelled":
        throw new Cancelled();
      case "failed":
        throw new PeerError(reply.code, reply.message);
      default:
        await replies.return?.();
        return reply;
    }
  }
}

async function nextReply(replies: AsyncIterator<UnrarReply[]>): Promise<UnrarReply> {
  const next = await replies.next().catch((error: unknown) => {
    throw fault(error);
  });
  const reply = next.done === true ? undefined : next.value[0];
  if (reply === undefined) throw fault(new Error("it ended by itself"));
  return reply;
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

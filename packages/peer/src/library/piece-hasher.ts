import type { Worker } from "node:worker_threads";
import { PeerError } from "../errors/index.ts";
import { startHelperThread } from "../helper-thread.ts";
import { HASHER_IDLE_MS } from "./constants.ts";
import {
  CANCELLED_SLOT,
  CONTROL_SLOTS,
  type HashReply,
  type HashRequest,
  PAUSED_SLOT,
  TOLD_SLOT,
} from "./hash-messages.ts";

/** How a game's hashing ended. */
export type HashOutcome =
  | { readonly status: "done" /** 32 bytes per piece, in manifest order. */; readonly digests: Uint8Array }
  /** A file is not what the manifest says: look at the game again. */
  | { readonly status: "changed"; readonly path: string };

export interface HashOptions {
  readonly signal?: AbortSignal;
  /** Bytes hashed so far, now and then. */
  readonly onProgress?: (bytes: number) => void;
}

/**
 * Hashes the pieces of games, one game at a time, in a thread of its own that reads one file at a time.
 */
export interface PieceHasher {
  /**
   * Requests are answered in the order in which they were made.
   *
   * @throws PeerError `cancelled`, `internal` when the thread failed, or what the disk said, naming the file.
   */
  hash(request: HashRequest, options?: HashOptions): Promise<HashOutcome>;
  /** While paused nothing is read; takes effect within one read. Pausing a closed hasher does nothing. */
  setPaused(paused: boolean): void;
  /** Ends the thread; what is under way is cancelled. */
  close(): Promise<void>;
}

/** The worker beside this file: a source when this is a source, compiled when this is compiled. */
const WORKER_URL = new URL(
  import.meta.url.endsWith(".ts") ? "./hash-worker.ts" : "./hash-worker.js",
  import.meta.url,
);

/**
 * Creates a hasher. Its thread starts with the first request, ends when nothing was asked for some time, and does not keep the process
 * alive.
 *
 * @param idleMs how long that is, milliseconds
 */
export function createPieceHasher(idleMs: number = HASHER_IDLE_MS): PieceHasher {
  const control = new Int32Array(new SharedArrayBuffer(CONTROL_SLOTS * Int32Array.BYTES_PER_ELEMENT));
  let worker: Worker | undefined;
  let queue: Promise<unknown> = Promise.resolve();
  let closed = false;
  const closing = new AbortController();
  let asked = 0;
  let idle: NodeJS.Timeout | undefined;
  let ending: Promise<unknown> = Promise.resolve();

  const end = (): void => {
    const ended = worker?.terminate();
    worker = undefined;
    if (ended !== undefined) ending = ended;
  };

  const answered = (): void => {
    asked -= 1;
    if (asked === 0 && !closed) idle = setTimeout(end, idleMs).unref();
  };

  const start = (): Worker => {
    const started = startWorker(control);
    // A thread that failed, also while nothing was asked of it, answers nothing more: the next request gets a new one.
    const forget = (): void => {
      if (worker === started) worker = undefined;
    };
    return started.on("error", forget).on("exit", forget);
  };

  const run = async (request: HashRequest, options: HashOptions): Promise<HashOutcome> => {
    const signal =
      options.signal === undefined ? closing.signal : AbortSignal.any([options.signal, closing.signal]);
    if (signal.aborted) throw cancelled();
    worker ??= start();
    const reply = await ask(worker, request, control, signal, options.onProgress);
    if (reply.type === "done") return { status: "done", digests: reply.digests };
    if (reply.type === "changed") return { status: "changed", path: reply.path };
    if (reply.type === "cancelled") throw cancelled();
    throw new PeerError(reply.code, reply.message);
  };

  return {
    hash: (request, options = {}) => {
      clearTimeout(idle);
      asked += 1;
      const result = queue.then(() => run(request, options)).finally(answered);
      queue = result.catch(() => {});
      return result;
    },
    setPaused: (paused) => {
      tell(control, PAUSED_SLOT, paused ? 1 : 0);
    },
    close: async () => {
      if (closed) return;
      closed = true;
      closing.abort();
      await queue;
      clearTimeout(idle);
      end();
      await ending;
    },
  };
}

/**
 * Hashes the pieces of one game in a thread of its own.
 *
 * @throws PeerError `cancelled`, or what the disk said, naming the file.
 */
export async function hashPieces(request: HashRequest, options: HashOptions = {}): Promise<HashOutcome> {
  const hasher = createPieceHasher();
  try {
    return await hasher.hash(request, options);
  } finally {
    await hasher.close();
  }
}

function startWorker(control: Int32Array): Worker {
  const worker = startHelperThread(WORKER_URL, { workerData: control.buffer, name: "lanspread-hash" });
  worker.unref();
  return worker;
}

type LastReply = Exclude<HashReply, { type: "progress" }>;

function ask(
  worker: Worker,
  request: HashRequest,
  control: Int32Array,
  signal: AbortSignal,
  onProgress: ((bytes: number) => void) | undefined,
): Promise<LastReply> {
  const { promise, resolve, reject } = Promise.withResolvers<LastReply>();
  const onMessage = (reply: HashReply): void => {
    if (reply.type === "progress") onProgress?.(reply.bytes);
    else resolve(reply);
  };
  const onError = (error: unknown): void => reject(fault(error));
  const onExit = (): void => reject(fault(new Error("it ended by itself")));
  const onAbort = (): void => tell(control, CANCELLED_SLOT, 1);
  Atomics.store(control, CANCELLED_SLOT, 0);
  worker.on("message", onMessage).on("error", onError).on("exit", onExit);
  signal.addEventListener("abort", onAbort, { once: true });
  worker.ref();
  worker.postMessage(request);
  return promise.finally(() => {
    worker.off("message", onMessage).off("error", onError).off("exit", onExit);
    signal.removeEventListener("abort", onAbort);
    worker.unref();
  });
}

/** Sets a slot, and wakes the thread if it sleeps. */
function tell(control: Int32Array, slot: number, value: number): void {
  Atomics.store(control, slot, value);
  Atomics.add(control, TOLD_SLOT, 1);
  Atomics.notify(control, TOLD_SLOT);
}

function fault(cause: unknown): PeerError {
  const detail = cause instanceof Error ? cause.message : String(cause);
  return new PeerError("internal", `the hashing thread failed: ${detail}`, { cause });
}

function cancelled(): PeerError {
  return new PeerError("cancelled", "Hashing was cancelled.");
}

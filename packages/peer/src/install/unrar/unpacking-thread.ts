import { on } from "node:events";
import type { Worker } from "node:worker_threads";
import { PeerError } from "../../errors/index.ts";
import { startHelperThread } from "../../helper-thread.ts";
import {
  CANCELLED_SLOT,
  CONTROL_SLOTS,
  type UnpackingStart,
  type UnrarReply,
  type UnrarRequest,
  WAKE_SLOT,
} from "./messages.ts";
import { unrarCode } from "./shared-code.ts";

/** The worker beside this file: a source when this is a source, compiled when this is compiled. */
const WORKER_URL = new URL(import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js", import.meta.url);

/** What the worker says in the middle of a request. */
export type Interim = Extract<UnrarReply, { type: "progress" | "steps" }>;
/** What ends a request well. */
export type LastReply = Exclude<UnrarReply, Interim | { type: "cancelled" | "failed" }>;

export interface UnpackingThread {
  /** The slots that both threads share. */
  readonly control: Int32Array;
  /** One request at a time. `onInterim` is called with one message at a time, and ends the request when it rejects. */
  ask(request: UnrarRequest, onInterim?: (told: Interim) => Promise<void>): Promise<LastReply>;
  /** @throws what ends the work, once it was cancelled or the thread has failed. */
  leaveIfEnded(): void;
}

export interface UnpackingThreadOptions {
  /** Absolute path: names the archive in errors. */
  readonly archive: string;
  readonly signal?: AbortSignal | undefined;
  /** Starts the thread; a test gives one that fails. */
  readonly start?: (start: UnpackingStart) => Worker;
}

/**
 * Runs `work` with a thread that ends afterwards, whatever happens: the work, a request that fails, a cancel in the middle
 * of either, or the thread itself.
 *
 * @throws PeerError of the request; `cancelled`; `internal` where the thread failed; and what `work` and `onInterim` throw.
 */
export async function withUnpackingThread<T>(
  { archive, signal, start = startWorker }: UnpackingThreadOptions,
  work: (thread: UnpackingThread) => Promise<T>,
): Promise<T> {
  const code = await unrarCode();
  if (signal?.aborted === true) throw cancelled(archive);
  const control = new Int32Array(new SharedArrayBuffer(CONTROL_SLOTS * Int32Array.BYTES_PER_ELEMENT));
  const patience = createPatience();
  const stop = (): void => {
    Atomics.store(control, CANCELLED_SLOT, 1);
    Atomics.add(control, WAKE_SLOT, 1);
    Atomics.notify(control, WAKE_SLOT);
  };
  const onAbort = (): void => {
    stop();
    patience.end(new Cancelled());
  };
  signal?.addEventListener("abort", onAbort, { once: true });
  const worker = start({ control: control.buffer as SharedArrayBuffer, code });
  worker.on("error", (error) => patience.end(fault(error)));
  worker.on("exit", () => patience.end(fault(new Error("it ended by itself"))));
  try {
    return await work({
      control,
      ask: (request, onInterim) => askWorker(worker, request, patience, onInterim),
      leaveIfEnded: patience.leaveIfEnded,
    });
  } catch (error) {
    if (error instanceof Cancelled) throw cancelled(archive);
    throw error;
  } finally {
    signal?.removeEventListener("abort", onAbort);
    stop();
    await worker.terminate();
  }
}

function startWorker(workerData: UnpackingStart): Worker {
  return startHelperThread(WORKER_URL, { workerData, name: "lanspread-unrar" });
}

async function askWorker(
  worker: Worker,
  request: UnrarRequest,
  patience: Patience,
  onInterim: (told: Interim) => Promise<void> = async () => {},
): Promise<LastReply> {
  const replies = on(worker, "message") as AsyncIterator<[UnrarReply], undefined>;
  worker.postMessage(request);
  for (;;) {
    const { value } = await patience.until(replies.next());
    if (value === undefined) throw fault(new Error("it says nothing any more"));
    const [reply] = value;
    switch (reply.type) {
      case "progress":
      case "steps":
        // What takes its time here may be somebody who knows nothing of the signal.
        await patience.until(onInterim(reply));
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

/** Waiting that can be ended by somebody else. Unlike a race with one promise it keeps nothing of what was waited for. */
interface Patience {
  until<T>(promise: Promise<T>): Promise<T>;
  /** Whoever waits, and whoever waits from now on, gets this error. The first one counts. */
  end(error: Error): void;
  leaveIfEnded(): void;
}

function createPatience(): Patience {
  const waiting = new Set<(error: Error) => void>();
  let ended: Error | undefined;
  return {
    until: (promise) =>
      new Promise((resolve, reject) => {
        if (ended !== undefined) reject(ended);
        waiting.add(reject);
        promise.then(resolve, reject).finally(() => waiting.delete(reject));
      }),
    end(error) {
      ended ??= error;
      for (const reject of waiting) reject(ended);
    },
    leaveIfEnded() {
      if (ended !== undefined) throw ended;
    },
  };
}

class Cancelled extends Error {}

function cancelled(archive: string): PeerError {
  return new PeerError("cancelled", `Unpacking ${archive} was cancelled.`);
}

function fault(cause: unknown): PeerError {
  const detail = cause instanceof Error ? cause.message : String(cause);
  return new PeerError("internal", `the unpacking thread failed: ${detail}`, { cause });
}

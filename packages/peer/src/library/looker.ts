import { setImmediate } from "node:timers/promises";
import type { Worker } from "node:worker_threads";
import { PeerError } from "../errors/index.ts";
import { startHelperThread } from "../helper-thread.ts";
import { LOCAL_NAME, SENTINEL_NAME } from "../storage/index.ts";
import { LISTED_CHARACTERS, LOOK_CHARACTERS, LOOK_SLICE_CHARACTERS } from "./constants.ts";
import type { LookNames, LookReply, LookRequest, ReplyTo } from "./look-messages.ts";

/** Looks at game roots, and lists directories, in a thread of its own, one after the other. */
export interface Looker {
  /**
   * The look begins after this call. Looks that are asked for while others are under way go to the thread together.
   *
   * @throws PeerError `cancelled` when the looker is closed, `internal` when the thread failed. What the disk says
   *   is in the reply.
   */
  look<Request extends LookRequest>(request: Request): Promise<ReplyTo<Request>>;
  /** Ends the thread; what is under way is cancelled. */
  close(): Promise<void>;
}

interface Job {
  readonly request: LookRequest;
  readonly resolve: (reply: LookReply) => void;
  readonly reject: (error: PeerError) => void;
}

/** The worker beside this file: a source when this is a source, compiled when this is compiled. */
const WORKER_URL = new URL(
  import.meta.url.endsWith(".ts") ? "./look-worker.ts" : "./look-worker.js",
  import.meta.url,
);

/** Creates a looker. Its thread starts with the first look and does not keep the process alive. */
export function createLooker(): Looker {
  return new ThreadLooker();
}

class ThreadLooker implements Looker {
  #worker: Worker | undefined;
  #waiting: Job[] = [];
  /** What the thread is looking at, or has answered and is being handed out. */
  #underWay: readonly Job[] = [];
  #closed = false;

  look<Request extends LookRequest>(request: Request): Promise<ReplyTo<Request>> {
    if (this.#closed) return Promise.reject(cancelled());
    const { promise, resolve, reject } = Promise.withResolvers<LookReply>();
    this.#waiting.push({ request, resolve, reject });
    if (this.#waiting.length === 1 && this.#underWay.length === 0) queueMicrotask(() => this.#next());
    // The thread answers each request with its own kind of reply.
    return promise as Promise<ReplyTo<Request>>;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#fail(cancelled());
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  #next(): void {
    if (this.#waiting.length === 0 || this.#underWay.length > 0) return;
    this.#underWay = this.#waiting;
    this.#waiting = [];
    try {
      this.#worker ??= this.#start();
      this.#worker.ref();
      this.#worker.postMessage(this.#underWay.map(({ request }) => request));
    } catch (error) {
      this.#fail(fault(error));
    }
  }

  #start(): Worker {
    const workerData: LookNames = { sentinel: SENTINEL_NAME, local: LOCAL_NAME };
    const worker = startHelperThread(WORKER_URL, { workerData, name: "lanspread-look" });
    const onEnd = (error: unknown): void => {
      if (this.#worker !== worker) return;
      // A thread that failed answers nothing more: the next look gets a new one.
      this.#worker = undefined;
      this.#fail(fault(error));
    };
    worker.on("message", (replies: readonly LookReply[]) => void this.#handOut(worker, replies));
    worker.on("error", onEnd);
    worker.on("exit", () => onEnd(new Error("it ended by itself")));
    return worker;
  }

  /** Who asked has work to do with what it gets: others get their turn in between. */
  async #handOut(worker: Worker, replies: readonly LookReply[]): Promise<void> {
    const jobs = this.#underWay;
    let characters = 0;
    for (const [index, { resolve }] of jobs.entries()) {
      const reply = replies[index];
      if (reply === undefined) break;
      resolve(reply);
      characters += LOOK_CHARACTERS + charactersOf(reply);
      if (characters < LOOK_SLICE_CHARACTERS) continue;
      characters = 0;
      await setImmediate();
    }
    // What is asked for by those who were just answered goes along.
    await setImmediate();
    if (this.#underWay !== jobs) return;
    this.#underWay = [];
    if (this.#worker === worker) worker.unref();
    this.#next();
  }

  #fail(error: PeerError): void {
    const jobs = [...this.#underWay, ...this.#waiting];
    this.#underWay = [];
    this.#waiting = [];
    for (const { reject } of jobs) reject(error);
  }
}

/** What whoever asked has to make sense of. */
function charactersOf(reply: LookReply): number {
  if (reply.status === "seen") return reply.entryText?.length ?? 0;
  return reply.status === "listed" || reply.status === "named" ? reply.entries.length * LISTED_CHARACTERS : 0;
}

function fault(cause: unknown): PeerError {
  const detail = cause instanceof Error ? cause.message : String(cause);
  return new PeerError("internal", `the looking thread failed: ${detail}`, { cause });
}

function cancelled(): PeerError {
  return new PeerError("cancelled", "Looking was cancelled.");
}

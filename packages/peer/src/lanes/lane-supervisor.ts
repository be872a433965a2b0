import { Worker } from "node:worker_threads";
import type { Logger } from "../logger.ts";
import { LANE_RESTART_MS, LANE_STOP_MS, LANE_YOUNG_GENERATION_MB, MAX_LANE_RESTART_MS } from "./constants.ts";
import { HeldPort } from "./held-port.ts";
import { Mailbox, type Packed, pack, unpack } from "./mailbox.ts";
import {
  type FromLane,
  type FromOpenLane,
  isOrder,
  type LaneStart,
  type ToLane,
  type ToOpenLane,
} from "./messages.ts";

export interface LaneSupervisorOptions {
  readonly index: number;
  readonly start: LaneStart;
  /** Somebody wants to begin a connection with the lane, whose thread was not started yet. */
  readonly onKnock: () => void;
  readonly onTold: (message: FromOpenLane) => void;
  /** The thread is gone, and everything that it did. */
  readonly onLost: (why: unknown) => void;
  readonly logger: Logger;
}

/** The worker beside this file: a source when this is a source, compiled when this is compiled. */
const IS_SOURCE = import.meta.url.endsWith(".ts");
const WORKER_URL = new URL(IS_SOURCE ? "./lane-worker.ts" : "./lane-worker.js", import.meta.url);

/** The system's codes for a port that cannot be had: it is another program's, on Windows perhaps for itself alone. */
const TAKEN = new Set<unknown>(["EADDRINUSE", "EACCES"]);

/**
 * The life of a lane's thread: a port is kept until a thread is wanted there, and a thread that ends is started again, on the same
 * port where that can be had.
 */
export class LaneSupervisor {
  readonly #options: LaneSupervisorOptions;
  #worker: Worker | null = null;
  #outbox: Mailbox<ToLane> | null = null;
  /** Until the thread listens there by itself. */
  #held: HeldPort | null = null;
  /** Where the thread is to listen, since others know it; 0 takes a free one. */
  #port = 0;
  #isUp = false;
  #failures = 0;
  #restart: NodeJS.Timeout | undefined;
  #stopping = false;

  constructor(options: LaneSupervisorOptions) {
    this.#options = options;
  }

  /** UDP port; null while the lane is down. */
  get port(): number | null {
    return this.#isUp || this.#held !== null ? this.#port : null;
  }

  /** Whether the thread listens, and can be told what to do. */
  get isUp(): boolean {
    return this.#isUp;
  }

  /** Keeps a port for the thread. Where none can be had, the thread tries. */
  async hold(): Promise<void> {
    const { index, start, onKnock, logger } = this.#options;
    try {
      this.#held = await HeldPort.take(start.host, onKnock);
      this.#port = this.#held.port;
    } catch (error) {
      logger.warn("no port could be had for a lane beforehand", { lane: index, error });
    }
  }

  /**
   * Starts the thread. Resolves when the lane listens, or has failed to: then it is tried again later, except where no lane can be
   * had at all.
   */
  start(): Promise<void> {
    if (this.#stopping) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const worker = this.#startThread();
    if (worker === null) return Promise.resolve();
    this.#worker = worker;
    this.#outbox = new Mailbox((messages) => worker.postMessage(pack(messages, isOrder)));
    let why: unknown = new Error("it ended by itself");
    let isPossible = true;
    const hear = (message: FromLane): void => {
      if (message.type === "loaded") {
        void this.#listen(worker);
      } else if (message.type === "ready") {
        this.#held = null;
        this.#port = message.port;
        this.#isUp = true;
        resolve();
      } else if (message.type === "unavailable") {
        isPossible = false;
        why = message.why;
      } else this.#options.onTold(message);
    };
    worker.on("message", (messages: Packed<FromLane>) => {
      if (this.#worker === worker) for (const message of unpack(messages)) hear(message);
    });
    worker.on("error", (error) => {
      why = error;
    });
    worker.on("exit", () => {
      resolve();
      this.#ended(why);
      if (this.#stopping) return;
      if (isPossible) this.#startLater(why);
      else this.#giveUp(why);
    });
    return promise;
  }

  /** Tells the lane. What it is told before it listens, or when it is gone, is lost: it has nothing then that could be meant. */
  tell(message: ToOpenLane): void {
    this.#outbox?.post(message);
  }

  /** The lane has done something: when it fails, that is not for the same reason as before. */
  succeeded(): void {
    this.#failures = 0;
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#restart);
    const worker = this.#worker;
    if (worker !== null) {
      const ended = new Promise<void>((resolve) => {
        worker.once("exit", () => resolve());
      });
      this.#outbox?.post({ type: "stop" });
      const late = setTimeout(() => void worker.terminate(), LANE_STOP_MS);
      await ended;
      clearTimeout(late);
    }
    await this.#giveUpPort();
  }

  /** The port is free for a moment: what comes then is lost, and sent again. */
  async #listen(worker: Worker): Promise<void> {
    const received = (await this.#held?.release()) ?? [];
    if (this.#worker === worker) this.#outbox?.post({ type: "listen", port: this.#port, received });
  }

  /** Null where the machine has no room for a thread: it is tried again later. */
  #startThread(): Worker | null {
    const { index, start } = this.#options;
    try {
      return new Worker(WORKER_URL, {
        workerData: start,
        // The thread needs none of the flags that the process was started with, except to find sources where this is a source.
        resourceLimits: { maxYoungGenerationSizeMb: LANE_YOUNG_GENERATION_MB },
        execArgv: IS_SOURCE ? ["--conditions=source"] : [],
        name: `lanspread-lane-${index}`,
      });
    } catch (error) {
      this.#startLater(error);
      return null;
    }
  }

  /** What the thread had not taken over yet is still there for the next one. */
  #ended(why: unknown): void {
    this.#worker = null;
    this.#outbox = null;
    this.#isUp = false;
    if (this.#held?.isReleased === true) this.#held = null;
    if (why instanceof Error && "code" in why && TAKEN.has(why.code)) this.#port = 0;
    this.#options.onLost(why);
  }

  #startLater(why: unknown): void {
    this.#options.logger.warn("a lane failed: it is started again", {
      lane: this.#options.index,
      error: why,
    });
    const pause = Math.min(LANE_RESTART_MS * 2 ** this.#failures, MAX_LANE_RESTART_MS);
    this.#failures += 1;
    this.#restart = setTimeout(() => void this.start(), pause);
    this.#restart.unref();
  }

  #giveUp(why: unknown): void {
    this.#options.logger.warn("this peer has one lane less", { lane: this.#options.index, error: why });
    void this.#giveUpPort();
  }

  async #giveUpPort(): Promise<void> {
    const held = this.#held;
    this.#held = null;
    await held?.release();
  }
}

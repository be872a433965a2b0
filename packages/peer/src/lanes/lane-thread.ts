import { Worker } from "node:worker_threads";
import type { GameId, Hash, PeerId, PieceIndex } from "@lanspread/proto";
import type {
  FileToMake,
  FoundFile,
  MadeFiles,
  OwnFile,
  RemovedFiles,
  WantedFile,
} from "../download/index.ts";
import type { Logger } from "../logger.ts";
import { LaneError, type SentOfGame } from "../transfer/index.ts";
import { LANE_RESTART_MS, LANE_STOP_MS, LANE_YOUNG_GENERATION_MB, MAX_LANE_RESTART_MS } from "./constants.ts";
import { HeldPort } from "./held-port.ts";
import { Mailbox } from "./mailbox.ts";
import type {
  FetchOrder,
  FromLane,
  LaneStart,
  PushedView,
  ToLane,
  ToldFoundFiles,
  ToldMadeFiles,
  ToldRemovedFiles,
} from "./messages.ts";
import { Questions } from "./questions.ts";
import { failureToError, type UnitFailure } from "./unit-failure.ts";

export interface LaneThreadOptions {
  readonly index: number;
  readonly start: LaneStart;
  /** Somebody wants to begin a connection with the lane, whose thread was not started yet. */
  readonly onKnock: () => void;
  /** Whose certificate (DER) it is; null for nobody's, and for who comes in and has not said hello. */
  readonly identify: (certificate: Uint8Array, inbound: boolean) => PeerId | null;
  /** The lane remembers what it is told, until it is revoked. Null where it holds that already. */
  readonly viewOf: (gameId: GameId, holds: Hash | null) => PushedView | null;
  readonly onOutbound: () => void;
  readonly onSent: (sent: readonly SentOfGame[]) => void;
  readonly onStale: (gameId: GameId) => void;
  readonly logger: Logger;
}

/** What is reported of a fetch while it goes on. */
export interface FetchReports {
  /** So many bytes have come, right or wrong. */
  readonly onBytes: (count: number) => void;
  /**
   * A piece is right, and the file has it.
   *
   * @param digest null where it is the one that was ordered
   * @param isFlushed whether it is on the disk already
   */
  readonly onPiece: (index: PieceIndex, digest: Uint8Array | null, isFlushed: boolean) => void;
  /** A piece was thrown away: its digest is another one. */
  readonly onWrongPiece: (index: PieceIndex) => void;
}

interface Fetch extends FetchReports {
  readonly bytes: number;
  readonly end: (error: Error | null) => void;
}

const NOTHING: Readonly<Record<GameId, number>> = {};

/** The worker beside this file: a source when this is a source, compiled when this is compiled. */
const IS_SOURCE = import.meta.url.endsWith(".ts");
const WORKER_URL = new URL(IS_SOURCE ? "./lane-worker.ts" : "./lane-worker.js", import.meta.url);

/**
 * One lane as the main thread has it: a port that is kept, until a thread is wanted there. A thread that fails is started again, on
 * the same port where that is possible; what it did is reported as failed.
 */
export class LaneThread {
  readonly #options: LaneThreadOptions;
  readonly #fetches = new Map<FetchOrder["id"], Fetch>();
  readonly #closing = new Map<FetchOrder["download"], () => void>();
  readonly #revoking = new Map<number, () => void>();
  readonly #flushes = new Questions<UnitFailure | null>();
  readonly #made = new Questions<ToldMadeFiles | null>();
  readonly #found = new Questions<ToldFoundFiles | null>();
  readonly #removed = new Questions<ToldRemovedFiles | null>();
  #worker: Worker | null = null;
  #outbox: Mailbox<ToLane> | null = null;
  /** Until the thread listens there by itself. */
  #held: HeldPort | null = null;
  #port: number | null = null;
  #outbound = NOTHING;
  #orderedBytes = 0;
  #lastRevoke = 0;
  #failures = 0;
  #restart: NodeJS.Timeout | undefined;
  #stopping = false;

  constructor(options: LaneThreadOptions) {
    this.#options = options;
  }

  /** UDP port; null while the lane is down. */
  get port(): number | null {
    return this.#port ?? this.#held?.port ?? null;
  }

  /** Whether the thread listens, and can be told what to do. */
  get isUp(): boolean {
    return this.#port !== null;
  }

  /** Bytes of the units that were ordered and are not here. */
  get orderedBytes(): number {
    return this.#orderedBytes;
  }

  /** Answers that are under way, by game. */
  get outbound(): Readonly<Record<GameId, number>> {
    return this.#outbound;
  }

  /** Keeps a port for the thread. Where none can be had, the thread tries. */
  async hold(): Promise<void> {
    const { index, start, onKnock, logger } = this.#options;
    try {
      this.#held = await HeldPort.take(start.host, onKnock);
    } catch (error) {
      logger.warn("no port could be had for a lane beforehand", { lane: index, error });
    }
  }

  /**
   * Starts the thread. Resolves when the lane listens, or has failed to: then it is tried again later, except where no lane can be
   * had at all.
   *
   * @param port where it is to listen, if no port is held for it; 0 takes a free one
   */
  start(port = 0): Promise<void> {
    if (this.#stopping) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const worker = this.#startThread(port);
    if (worker === null) return Promise.resolve();
    this.#worker = worker;
    this.#outbox = new Mailbox((messages) => worker.postMessage(messages));
    let why: unknown = new Error("it ended by itself");
    let isPossible = true;
    const hear = (message: FromLane): void => {
      if (message.type === "loaded") {
        void this.#listen(worker, port);
      } else if (message.type === "ready") {
        this.#held = null;
        this.#port = message.port;
        resolve();
      } else if (message.type === "unavailable") {
        isPossible = false;
        why = message.why;
      } else this.#hear(message);
    };
    worker.on("message", (messages: readonly FromLane[]) => {
      if (this.#worker === worker) for (const message of messages) hear(message);
    });
    worker.on("error", (error) => {
      why = error;
    });
    worker.on("exit", () => {
      resolve();
      // Others know the port. One that could not be had is given up.
      const before = this.#port ?? 0;
      this.#lost(why);
      if (this.#stopping) return;
      if (isPossible) this.#startLater(before, why);
      else
        this.#options.logger.warn("this peer has one lane less", { lane: this.#options.index, error: why });
    });
    return promise;
  }

  /** The port is free for a moment: what comes then is lost, and sent again. */
  async #listen(worker: Worker, port: number): Promise<void> {
    const held = this.#held;
    const received = (await held?.release()) ?? [];
    if (this.#worker === worker) this.#tell({ type: "listen", port: held?.port ?? port, received });
  }

  /** Null where the machine has no room for a thread: it is tried again later. */
  #startThread(port: number): Worker | null {
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
      this.#startLater(port, error);
      return null;
    }
  }

  #startLater(port: number, why: unknown): void {
    this.#options.logger.warn("a lane failed: it is started again", {
      lane: this.#options.index,
      error: why,
    });
    const pause = Math.min(LANE_RESTART_MS * 2 ** this.#failures, MAX_LANE_RESTART_MS);
    this.#failures += 1;
    this.#restart = setTimeout(() => void this.start(port), pause);
    this.#restart.unref();
  }

  /**
   * Fetches a unit.
   *
   * When it ends, in either way, no write of it is under way any more.
   *
   * @throws what `fetchUnit` throws; LaneError; the signal's reason
   */
  async fetch(order: FetchOrder, reports: FetchReports, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const cancel = (): void => this.#tell({ type: "cancel", id: order.id });
    this.#orderedBytes += order.unit.length;
    this.#fetches.set(order.id, {
      ...reports,
      bytes: order.unit.length,
      end: (error) => (error === null ? resolve() : reject(error)),
    });
    if (this.#worker === null) this.#endFetch(order.id, new LaneError("the lane is down"));
    else this.#tell({ type: "fetch", order });
    signal.addEventListener("abort", cancel, { once: true });
    try {
      await promise;
    } catch (error) {
      throw signal.aborted ? signal.reason : error;
    } finally {
      signal.removeEventListener("abort", cancel);
    }
  }

  /** Closes the files of a download that fetches nothing any more. */
  close(download: FetchOrder["download"]): Promise<void> {
    if (this.#worker === null) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#closing.set(download, resolve);
    this.#tell({ type: "close", download });
    return promise;
  }

  /**
   * Resolves when what was written to these files is on the disk.
   *
   * @param root absolute path of the game root
   * @throws PeerError naming the file; LaneError
   */
  async flush(root: string, paths: readonly string[]): Promise<void> {
    if (this.#worker === null) throw new LaneError("the lane is down");
    const failure = await this.#flushes.ask((question) =>
      this.#tell({ type: "flush", question, root, paths }),
    );
    if (failure !== null) throw failureToError(failure);
  }

  /** As of `makeFiles`. @returns null where the lane is gone: it may have made some */
  async make(root: string, files: readonly FileToMake[]): Promise<MadeFiles | null> {
    if (this.#worker === null) return null;
    const told = await this.#made.ask((question) => this.#tell({ type: "make", question, root, files }));
    if (told === null) return null;
    const { failure, ...made } = told;
    return { ...made, error: failure === null ? null : failureToError(failure) };
  }

  /**
   * What is at the paths of files, in their order.
   *
   * @returns null where the lane is gone
   * @throws PeerError naming the file
   */
  async look(root: string, files: readonly WantedFile[]): Promise<readonly FoundFile[] | null> {
    if (this.#worker === null) return null;
    const told = await this.#found.ask((question) => this.#tell({ type: "look", question, root, files }));
    if (told === null) return null;
    if (told.failure !== null) throw failureToError(told.failure);
    return told.files;
  }

  /** As of `removeFiles`, of files that are not large. @returns null where the lane is gone: it may have removed some */
  async remove(root: string, files: readonly OwnFile[]): Promise<RemovedFiles | null> {
    if (this.#worker === null) return null;
    const told = await this.#removed.ask((question) => this.#tell({ type: "remove", question, root, files }));
    if (told === null) return null;
    const { failure, ...removed } = told;
    return { ...removed, error: failure === null ? null : failureToError(failure) };
  }

  /** Takes back what was said of a game, or of all with null. Resolves when no answer that was begun before is under way any more. */
  revoke(gameId: GameId | null): Promise<void> {
    if (this.#worker === null) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#lastRevoke += 1;
    this.#revoking.set(this.#lastRevoke, resolve);
    this.#tell({ type: "revoke", gameId, id: this.#lastRevoke });
    return promise;
  }

  /** Ends the connections with a peer that is gone, or that has another process in its place. */
  drop(peerId: PeerId): void {
    this.#tell({ type: "drop", peerId });
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#restart);
    const worker = this.#worker;
    if (worker === null) {
      await this.#giveUpPort();
      return;
    }
    const ended = new Promise<void>((resolve) => {
      worker.once("exit", () => resolve());
    });
    this.#tell({ type: "stop" });
    const late = setTimeout(() => void worker.terminate(), LANE_STOP_MS);
    await ended;
    clearTimeout(late);
    await this.#giveUpPort();
  }

  async #giveUpPort(): Promise<void> {
    const held = this.#held;
    this.#held = null;
    await held?.release();
  }

  #tell(message: ToLane): void {
    this.#outbox?.post(message);
  }

  #hear(message: Exclude<FromLane, { type: "loaded" | "ready" | "unavailable" }>): void {
    const { identify, viewOf, onOutbound, onSent, onStale, logger } = this.#options;
    switch (message.type) {
      case "bytes":
        this.#failures = 0;
        for (const [id, bytes] of message.counts) this.#fetches.get(id)?.onBytes(bytes);
        break;
      case "piece":
        this.#fetches.get(message.id)?.onPiece(message.index, message.digest, message.isFlushed);
        break;
      case "wrong":
        this.#fetches.get(message.id)?.onWrongPiece(message.index);
        break;
      case "ended":
        this.#endFetch(message.id, message.failure === null ? null : failureToError(message.failure));
        break;
      case "closed":
        this.#closing.get(message.download)?.();
        this.#closing.delete(message.download);
        break;
      case "flushed":
        this.#flushes.answer(message.question, message.failure);
        break;
      case "made":
        this.#made.answer(message.question, message.made);
        break;
      case "found":
        this.#found.answer(message.question, message.found);
        break;
      case "removed":
        this.#removed.answer(message.question, message.removed);
        break;
      case "revoked":
        this.#revoking.get(message.id)?.();
        this.#revoking.delete(message.id);
        break;
      case "identify": {
        const { question, certificate, inbound } = message;
        this.#tell({ type: "identity", question, peerId: identify(certificate, inbound) });
        break;
      }
      case "ask-view": {
        const { question, gameId, holds } = message;
        this.#tell({ type: "view", question, gameId, view: viewOf(gameId, holds) });
        break;
      }
      case "outbound":
        this.#outbound = message.counts;
        onOutbound();
        break;
      case "sent":
        onSent(message.sent);
        break;
      case "stale":
        onStale(message.gameId);
        break;
      case "log":
        logger[message.level](message.message, message.fields);
        break;
    }
  }

  #endFetch(id: FetchOrder["id"], error: Error | null): void {
    const fetch = this.#fetches.get(id);
    if (fetch === undefined) return;
    this.#fetches.delete(id);
    this.#orderedBytes -= fetch.bytes;
    fetch.end(error);
  }

  /** The thread is gone, and everything that it did. */
  #lost(why: unknown): void {
    this.#worker = null;
    this.#outbox = null;
    this.#port = null;
    void this.#giveUpPort();
    this.#outbound = NOTHING;
    const detail = why instanceof Error ? why.message : String(why);
    for (const id of [...this.#fetches.keys()])
      this.#endFetch(id, new LaneError(`the lane failed: ${detail}`));
    this.#flushes.answerAll({ kind: "lane", message: `the lane failed: ${detail}` });
    this.#made.answerAll(null);
    this.#found.answerAll(null);
    this.#removed.answerAll(null);
    for (const done of [...this.#closing.values(), ...this.#revoking.values()]) done();
    this.#closing.clear();
    this.#revoking.clear();
    this.#options.onOutbound();
  }
}

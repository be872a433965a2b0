import type { GameId, Hash, PeerId, PieceIndex } from "@lanspread/proto";
import type {
  FileToMake,
  FoundFile,
  MadeFiles,
  OwnFile,
  RemovedFiles,
  WantedFile,
} from "../download/index.ts";
import { LaneError, type SentOfGame } from "../transfer/index.ts";
import { LaneSupervisor, type LaneSupervisorOptions } from "./lane-supervisor.ts";
import type {
  FetchOrder,
  FromOpenLane,
  PushedView,
  ToldFoundFiles,
  ToldMadeFiles,
  ToldRemovedFiles,
} from "./messages.ts";
import { Questions } from "./questions.ts";
import { failureToError, type UnitFailure } from "./unit-failure.ts";

export interface LaneThreadOptions extends Omit<LaneSupervisorOptions, "onTold" | "onLost"> {
  /** Whose certificate (DER) it is; null for nobody's, and for who comes in and has not said hello. */
  readonly identify: (certificate: Uint8Array, inbound: boolean) => PeerId | null;
  /** The lane remembers what it is told, until it is revoked. Null where it holds that already. */
  readonly viewOf: (gameId: GameId, holds: Hash | null) => PushedView | null;
  readonly onOutbound: () => void;
  readonly onSent: (sent: readonly SentOfGame[]) => void;
  readonly onStale: (gameId: GameId) => void;
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

/** One lane as the main thread has it: what its thread is asked and tells. What a thread did that is gone is reported as failed. */
export class LaneThread {
  readonly #options: LaneThreadOptions;
  readonly #supervisor: LaneSupervisor;
  readonly #fetches = new Map<FetchOrder["id"], Fetch>();
  readonly #closing = new Map<FetchOrder["download"], () => void>();
  readonly #revoking = new Map<number, () => void>();
  readonly #flushes = new Questions<UnitFailure | null>();
  readonly #made = new Questions<ToldMadeFiles | null>();
  readonly #found = new Questions<ToldFoundFiles | null>();
  readonly #removed = new Questions<ToldRemovedFiles | null>();
  #outbound = NOTHING;
  #orderedBytes = 0;
  #lastRevoke = 0;

  constructor(options: LaneThreadOptions) {
    this.#options = options;
    this.#supervisor = new LaneSupervisor({
      ...options,
      onTold: (message) => this.#hear(message),
      onLost: (why) => this.#lost(why),
    });
  }

  /** UDP port; null while the lane is down. */
  get port(): number | null {
    return this.#supervisor.port;
  }

  /** Whether the thread listens, and can be told what to do. */
  get isUp(): boolean {
    return this.#supervisor.isUp;
  }

  /** Bytes of the units that were ordered and are not here. */
  get orderedBytes(): number {
    return this.#orderedBytes;
  }

  /** Answers that are under way, by game. */
  get outbound(): Readonly<Record<GameId, number>> {
    return this.#outbound;
  }

  /** As of {@link LaneSupervisor.hold}. */
  hold(): Promise<void> {
    return this.#supervisor.hold();
  }

  /** As of {@link LaneSupervisor.start}. */
  start(): Promise<void> {
    return this.#supervisor.start();
  }

  stop(): Promise<void> {
    return this.#supervisor.stop();
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
    const cancel = (): void => this.#supervisor.tell({ type: "cancel", id: order.id });
    this.#orderedBytes += order.unit.length;
    this.#fetches.set(order.id, {
      ...reports,
      bytes: order.unit.length,
      end: (error) => (error === null ? resolve() : reject(error)),
    });
    if (!this.isUp) this.#endFetch(order.id, new LaneError("the lane is down"));
    else this.#supervisor.tell({ type: "fetch", order });
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
    if (!this.isUp) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#closing.set(download, resolve);
    this.#supervisor.tell({ type: "close", download });
    return promise;
  }

  /**
   * Resolves when what was written to these files is on the disk.
   *
   * @param root absolute path of the game root
   * @throws PeerError naming the file; LaneError
   */
  async flush(root: string, paths: readonly string[]): Promise<void> {
    if (!this.isUp) throw new LaneError("the lane is down");
    const failure = await this.#flushes.ask((question) =>
      this.#supervisor.tell({ type: "flush", question, root, paths }),
    );
    if (failure !== null) throw failureToError(failure);
  }

  /** As of `makeFiles`. @returns null where the lane is gone: it may have made some */
  async make(root: string, files: readonly FileToMake[]): Promise<MadeFiles | null> {
    if (!this.isUp) return null;
    const told = await this.#made.ask((question) =>
      this.#supervisor.tell({ type: "make", question, root, files }),
    );
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
    if (!this.isUp) return null;
    const told = await this.#found.ask((question) =>
      this.#supervisor.tell({ type: "look", question, root, files }),
    );
    if (told === null) return null;
    if (told.failure !== null) throw failureToError(told.failure);
    return told.files;
  }

  /** As of `removeFiles`, of files that are not large. @returns null where the lane is gone: it may have removed some */
  async remove(root: string, files: readonly OwnFile[]): Promise<RemovedFiles | null> {
    if (!this.isUp) return null;
    const told = await this.#removed.ask((question) =>
      this.#supervisor.tell({ type: "remove", question, root, files }),
    );
    if (told === null) return null;
    const { failure, ...removed } = told;
    return { ...removed, error: failure === null ? null : failureToError(failure) };
  }

  /** Takes back what was said of a game, or of all with null. Resolves when no answer that was begun before is under way any more. */
  revoke(gameId: GameId | null): Promise<void> {
    if (!this.isUp) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#lastRevoke += 1;
    this.#revoking.set(this.#lastRevoke, resolve);
    this.#supervisor.tell({ type: "revoke", gameId, id: this.#lastRevoke });
    return promise;
  }

  /** Ends the connections with a peer that is gone, or that has another process in its place. */
  drop(peerId: PeerId): void {
    this.#supervisor.tell({ type: "drop", peerId });
  }

  #hear(message: FromOpenLane): void {
    const { identify, viewOf, onOutbound, onSent, onStale, logger } = this.#options;
    switch (message.type) {
      case "bytes":
        this.#supervisor.succeeded();
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
        this.#supervisor.tell({ type: "identity", question, peerId: identify(certificate, inbound) });
        break;
      }
      case "ask-view": {
        const { question, gameId, holds } = message;
        this.#supervisor.tell({ type: "view", question, gameId, view: viewOf(gameId, holds) });
        break;
      }
      case "outbound":
        this.#outbound = message.counts;
        onOutbound();
        break;
      case "sent":
        this.#supervisor.succeeded();
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

import type { Answer, ErrorAnswer, LibraryDelta, LibrarySnapshot, PeerId } from "@lanspread/proto";
import type { Logger } from "../logger.ts";
import type { Clock } from "./clock.ts";
import { DELTA_RETRY_MS } from "./constants.ts";
import { libraryDiff } from "./library-diff.ts";
import { Timer } from "./timer.ts";

export interface DeltaPushOptions {
  readonly ownId: PeerId;
  /** What is published at this moment. */
  readonly library: () => LibrarySnapshot;
  /** Tells one peer; rejects where it could not be told. */
  readonly send: (peerId: PeerId, delta: LibraryDelta) => Promise<Answer>;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface Listener {
  /** The newest library that the peer was told. */
  told: LibrarySnapshot;
  sending: boolean;
  readonly retry: Timer;
}

/**
 * Whether a change was refused without a look at it, as by a peer that is busy. Who needs a snapshot asks for it, and what is
 * wrong for ever does not become right when it is said again.
 */
function isUnheard(answer: Answer): answer is ErrorAnswer {
  return answer.type === "error" && answer.code !== "need_snapshot" && answer.retryable;
}

/**
 * Tells connected peers what changed in the own library: one delta at a time per peer and in order, so that what changes
 * while one is under way becomes the next one. What could not be told is told again, with what has changed since. A peer that
 * cannot follow a delta asks for the library by itself.
 */
export class DeltaPush {
  readonly #options: DeltaPushOptions;
  readonly #listeners = new Map<PeerId, Listener>();

  constructor(options: DeltaPushOptions) {
    this.#options = options;
  }

  /**
   * A peer has said hello, and was told the library in this state or in a newer one. Where it was greeted before, the older
   * of both states counts: an answer to a hello may get lost with its connection, and a change that is told twice does no harm.
   */
  greeted(peerId: PeerId, told: LibrarySnapshot): void {
    const before = this.#listeners.get(peerId)?.told ?? told;
    this.forget(peerId);
    const listener: Listener = {
      told: before.library_rev < told.library_rev ? before : told,
      sending: false,
      retry: new Timer(this.#options.clock),
    };
    this.#listeners.set(peerId, listener);
    void this.#push(peerId, listener);
  }

  forget(peerId: PeerId): void {
    this.#listeners.get(peerId)?.retry.clear();
    this.#listeners.delete(peerId);
  }

  stop(): void {
    for (const peerId of [...this.#listeners.keys()]) this.forget(peerId);
  }

  /** The own library has a new snapshot. */
  changed(): void {
    for (const [peerId, listener] of this.#listeners) void this.#push(peerId, listener);
  }

  async #push(peerId: PeerId, listener: Listener): Promise<void> {
    if (listener.sending) return;
    listener.sending = true;
    const { library, logger, ownId, send } = this.#options;
    try {
      while (this.#listeners.get(peerId) === listener) {
        const now = library();
        const delta = libraryDiff(listener.told, now);
        if (delta === null) return;
        const answer = await send(peerId, { type: "library_delta", peer_id: ownId, delta });
        if (isUnheard(answer))
          throw new Error(`a change was answered with ${answer.code}: ${answer.message}`);
        listener.told = now;
      }
    } catch (error) {
      logger.debug("a peer could not be told of a change", { peerId, error });
      if (this.#listeners.get(peerId) === listener) {
        listener.retry.set(() => void this.#push(peerId, listener), DELTA_RETRY_MS);
      }
    } finally {
      listener.sending = false;
    }
  }
}

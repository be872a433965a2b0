import type { GameId, PeerId } from "@lanspread/proto";
import { PeerError } from "../errors/index.ts";
import { NO_PROGRESS_MS } from "./constants.ts";
import { ProgressLimit } from "./progress-limit.ts";

/** One answer on its way out. */
export interface OutboundTransfer {
  /** Aborted when the game's transfers are cancelled, when nothing moves for too long, and when the stream's own ends. */
  readonly signal: AbortSignal;
  /** So many bytes were sent; with 0 something else has been done that brings the answer nearer to its end. */
  moved(bytes: number): void;
}

/** Everything that is being sent of the own games, by game. */
export interface OutboundTransfers {
  /**
   * Registers a transfer, runs it, and forgets it however it ends. It is registered when this returns: the serving gate
   * is asked inside of `send`, so that whoever closes the gate and then cancels misses none.
   */
  run<T>(
    gameId: GameId,
    send: (transfer: OutboundTransfer) => Promise<T>,
    options?: RunTransferOptions,
  ): Promise<T>;
  /** Ends the transfers of a game that are registered now, and waits for their end. */
  cancel(gameId: GameId): Promise<void>;
  cancelAll(): Promise<void>;
  /** Transfers per game; games without any are left out. */
  counts(): Readonly<Record<GameId, number>>;
}

export interface RunTransferOptions {
  readonly signal?: AbortSignal;
  /** Who gets the bytes, where they are those of the game. */
  readonly to?: PeerId;
}

export interface OutboundTransfersOptions {
  /** A transfer in which nothing moves for so long is ended, milliseconds. */
  readonly noProgressMs?: number;
  /** Bytes of a game were sent to a peer. */
  readonly onSent?: (to: PeerId, gameId: GameId, bytes: number) => void;
}

interface Running {
  readonly limit: ProgressLimit;
  readonly ended: Promise<void>;
}

export function createOutboundTransfers(options: OutboundTransfersOptions = {}): OutboundTransfers {
  const { noProgressMs = NO_PROGRESS_MS, onSent } = options;
  const games = new Map<GameId, Set<Running>>();

  const cancel = async (gameId: GameId): Promise<void> => {
    const transfers = [...(games.get(gameId) ?? [])];
    for (const { limit } of transfers) {
      limit.abort(new PeerError("cancelled", `${gameId} is served no longer.`));
    }
    await Promise.all(transfers.map(({ ended }) => ended));
  };

  return {
    run: async (gameId, send, { signal, to } = {}) => {
      using limit = new ProgressLimit(noProgressMs, `sending ${gameId}`, signal);
      const { promise: ended, resolve } = Promise.withResolvers<void>();
      const running: Running = { limit, ended };
      const transfers = games.get(gameId) ?? new Set();
      games.set(gameId, transfers.add(running));
      try {
        return await send({
          signal: limit.signal,
          moved: (bytes) => {
            limit.moved();
            if (to !== undefined && bytes > 0) onSent?.(to, gameId, bytes);
          },
        });
      } finally {
        transfers.delete(running);
        if (transfers.size === 0 && games.get(gameId) === transfers) games.delete(gameId);
        resolve();
      }
    },
    cancel,
    cancelAll: async () => {
      await Promise.all([...games.keys()].map(cancel));
    },
    counts: () => Object.fromEntries([...games].map(([gameId, transfers]) => [gameId, transfers.size])),
  };
}

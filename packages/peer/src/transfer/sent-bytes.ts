import type { GameId, PeerId } from "@lanspread/proto";

/** Bytes of one game that were sent to one peer. */
export interface SentOfGame {
  readonly peerId: PeerId;
  readonly gameId: GameId;
  readonly bytes: number;
}

/** Adds up what is sent, by receiver and game, until somebody takes it. */
export interface SentBytes {
  readonly isEmpty: boolean;
  add(sent: SentOfGame): void;
  /** What was added since the last time. */
  take(): readonly SentOfGame[];
}

export function createSentBytes(): SentBytes {
  let sums = new Map<PeerId, Map<GameId, number>>();
  return {
    get isEmpty() {
      return sums.size === 0;
    },
    add: ({ peerId, gameId, bytes }) => {
      const games = sums.get(peerId) ?? new Map<GameId, number>();
      sums.set(peerId, games.set(gameId, (games.get(gameId) ?? 0) + bytes));
    },
    take: () => {
      const taken = sums;
      sums = new Map();
      return [...taken].flatMap(([peerId, games]) =>
        [...games].map(([gameId, bytes]) => ({ peerId, gameId, bytes })),
      );
    },
  };
}

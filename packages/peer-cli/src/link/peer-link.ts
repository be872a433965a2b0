import type { GameId, ListedGame, ListedPeer, RuntimeEvent, StatusData } from "@lanspread/proto";

/**
 * A way to one peer on this computer: one that already runs here, or one that this command started for itself.
 * Commands do not see the difference, except that a peer of their own has to look around first.
 *
 * Every method rejects with the peer's error (code, message, hint). Operations resolve when they are accepted; events
 * tell how they end.
 */
export interface PeerLink {
  /** `own`: started by this command, stops with the link. */
  readonly ownership: "own" | "running";
  status(): Promise<StatusData>;
  listPeers(): Promise<readonly ListedPeer[]>;
  listGames(): Promise<readonly ListedGame[]>;
  /** `latest`: also where a version of it is here. */
  download(gameId: GameId, options: { readonly install: boolean; readonly latest?: boolean }): Promise<void>;
  /** Installs a game from the archives of others, which are not stored here. */
  streamInstall(gameId: GameId): Promise<void>;
  install(gameId: GameId): Promise<void>;
  uninstall(gameId: GameId): Promise<void>;
  /** Deletes the folder of a downloaded game. */
  remove(gameId: GameId): Promise<void>;
  /** Ends the download of a game; its end event follows. */
  cancel(gameId: GameId): Promise<void>;
  /** Calls the handler with every event from now on; returns what ends that. */
  onEvent(handler: (event: RuntimeEvent) => void): () => void;
  /** Why nobody can be found at the moment; null where somebody can, and where another process would have to know. */
  networkProblem(): string | null;
  /** Settles when the peer at the other end is gone, with the reason; never rejects. */
  readonly closed: Promise<string>;
  /** Ends the link; a peer of one's own says goodbye and stops. */
  close(): Promise<void>;
}

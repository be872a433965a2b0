import type {
  GameId,
  IncompatiblePeer,
  ListedGame,
  ListedPeer,
  LocalGame,
  Manifest,
  OutboundRate,
  PeerId,
  RuntimeCommand,
  RuntimeEvent,
  StatusData,
} from "@lanspread/proto";
import type { DatagramSocketFactory } from "@lanspread/quic";
import type { StateDirClaim } from "../control/index.ts";
import type { FailureReason } from "../errors/index.ts";
import type { Unpacker } from "../install/index.ts";
import type { Logger } from "../logger.ts";
import type { Clock, DiscoveryFactory, RemoteGame } from "../peers/index.ts";

/** What a peer is started with. Only the two directories have no default that fits every host. */
export interface PeerOptions {
  /** The games: one folder per game. One that cannot be used is a problem of the snapshot, until it can. */
  readonly gamesDir: string;
  /** What lanspread itself remembers; made when missing. Never beside the games. */
  readonly stateDir: string;
  /** Of the state directory, by a host that has taken it already. The peer takes it over; where the start fails it is given back. */
  readonly claim?: StateDirClaim;
  /** Path of a catalog file. Default: the open catalog. */
  readonly catalog?: string;
  /** Shown to others. Default: this computer's name. */
  readonly name?: string;
  /** Default `lan`. Separates groups on one network; no secret. */
  readonly party?: string;
  /** Own addresses of the only networks to use. Default: every real one. */
  readonly interfaces?: readonly string[];
  /** `ip:port` to listen on; port 0 takes a free one. Default `0.0.0.0:0`. */
  readonly listen?: string;
  /** Directory of a closed party's CA, as `writePartyCa` makes it. Default: the shipped one, open to everybody. */
  readonly partyCa?: string;
  /** What unpacks archives. Default: UnRAR in a worker thread. */
  readonly unpacker?: Unpacker;
  /** How peers are found. Default: multicast DNS; null: not at all, `connect` only. */
  readonly discovery?: DiscoveryFactory | null;
  /**
   * Threads that move the bytes of games, 0 to 16. Default: one less than there are processors, 1 to 4. With 0, and where
   * {@link socket} is given, the thread of the host does.
   */
  readonly lanes?: number;
  /** Where datagrams go. Default: real UDP. */
  readonly socket?: DatagramSocketFactory;
  /** What pauses and deadlines of the mesh and of the services are measured by. Default: the machine's own clock. */
  readonly clock?: Clock;
  readonly logger?: Logger;
  /** Aborts the start, and stops the peer later. */
  readonly signal?: AbortSignal;
}

interface Accepted {
  readonly accepted: true;
}

/** What a command resolves with, by its type. */
export interface CommandResults {
  status: StatusData;
  "list-games": { readonly games: readonly ListedGame[] };
  "list-peers": { readonly peers: readonly ListedPeer[] };
  "get-peer-count": { readonly count: number };
  "get-game": { readonly manifest: Manifest; readonly sources: readonly PeerId[] };
  "fetch-latest-from-peers": { readonly manifest: Manifest; readonly sources: readonly PeerId[] };
  "download-game-files": Accepted;
  "install-game": Accepted;
  "uninstall-game": Accepted;
  "stream-install-game": Accepted;
  "remove-downloaded-game": Accepted;
  "cancel-download": Accepted;
  "set-game-dir": { readonly gamesDir: string };
  connect: { readonly peerId: PeerId };
}

/** Everything a host shows, at one moment. */
export interface PeerSnapshot {
  readonly status: StatusData;
  readonly games: readonly ListedGame[];
  readonly localGames: readonly LocalGame[];
  /** The games of the others, with the version that each peer has. */
  readonly remoteGames: readonly RemoteGame[];
  readonly peers: readonly ListedPeer[];
  /** What is being sent, as the last `outbound-progress` said. */
  readonly outbound: readonly OutboundRate[];
  /** Those that were met and cannot join, with the reason: the last ones, until they join or are announced no longer. */
  readonly incompatible: readonly IncompatiblePeer[];
  /** What the user should know: of the games directory, of the network. */
  readonly warnings: readonly string[];
  /** Why the games directory cannot be used at the moment; null where it can. It is among the warnings, too. */
  readonly gamesDirProblem: FailureReason | null;
  /** Why nobody can be found at the moment; null where somebody can. It is among the warnings, too. */
  readonly networkProblem: string | null;
}

/** A peer as its host drives it: in this process ({@link Peer}), or in another one by its control socket. */
export interface PeerHandle {
  /**
   * Runs a command. Operations resolve when they are accepted; events tell how they end.
   *
   * @throws PeerError
   */
  send<Command extends RuntimeCommand>(
    command: Command,
    options?: { readonly signal?: AbortSignal },
  ): Promise<CommandResults[Command["type"]]>;
  /** Calls the handler with every event from now on, in order; returns what ends that. */
  onEvent(handler: (event: RuntimeEvent) => void): () => void;
}

/** A running peer. */
export interface Peer extends PeerHandle {
  readonly peerId: PeerId;
  /** The listener, `ip:port`. */
  readonly addr: string;
  /**
   * Every event from now on. A slow reader loses nothing but progress events, of which `progress-missed` says how many, and
   * lists of all games that a newer one makes old.
   * Ends when the peer has stopped.
   */
  events(): AsyncIterableIterator<RuntimeEvent>;
  snapshot(): PeerSnapshot;
  /** Goodbye to the others, transfers ended at a piece, journals flushed; within 5 s. May be called twice. */
  stop(): Promise<void>;
  /** Resolves when the peer has stopped, whoever stopped it; with the reason where it failed. Never rejects. */
  readonly stopped: Promise<{ readonly failed: FailureReason | null }>;
}

export type { GameId };

import type {
  GameId,
  GameSummary,
  GameVersion,
  IncompatiblePeer,
  ListedPeer,
  ListenAddress,
  PeerId,
  RuntimeEventOf,
} from "@lanspread/proto";
import type { PeerError } from "../errors/index.ts";
import type { RequestStream } from "../transfer/index.ts";
import type { PeerChannel } from "./following-channel.ts";
import type { PeerContact } from "./peer-table.ts";

/** Who asks: what is known of the other end of a connection before anything of the request was believed. */
export interface RequestContext {
  /** Computed from the certificate of the connection. */
  readonly peerId: PeerId;
  /** The connection's source: never a listener. */
  readonly remote: { readonly host: string; readonly port: number };
  readonly connectionId: string;
  /** Aborted when the connection is over. */
  readonly signal: AbortSignal;
}

/** A peer that is connected and offers a game now. */
export interface Candidate {
  readonly peerId: PeerId;
  readonly summary: GameSummary;
  readonly channel: PeerChannel;
}

/** A game as the other peers show it, each id once. */
export interface RemoteGame {
  readonly id: GameId;
  readonly name: string;
  /** Newest version that somebody can serve now; where nobody can, the newest that somebody has. */
  readonly version: GameVersion;
  /** Bytes of that version. */
  readonly size: number;
  /** Peers that can serve that version now. */
  readonly peerCount: number;
  /** What each peer has. */
  readonly versions: ReadonlyMap<PeerId, GameVersion>;
}

/** What the mesh reports; the names are those of the runtime's events, except for the changed view. */
export type MeshEvent =
  | RuntimeEventOf<"peer-discovered">
  | RuntimeEventOf<"peer-updated">
  | RuntimeEventOf<"peer-lost">
  | RuntimeEventOf<"peer-count-updated">
  | RuntimeEventOf<"peer-incompatible">
  | RuntimeEventOf<"peer-incompatible-gone">
  | { readonly type: "remote-games-changed" };

/** The other peers: found, connected, known, and left. */
export interface PeerMesh {
  /** Takes what has come by the endpoint and what comes, and begins discovery. Streams of others go to `serveStream`, which never rejects. */
  start(options: {
    readonly serveStream: (stream: RequestStream, context: RequestContext) => Promise<void>;
  }): Promise<void>;
  /** Connected peers that have said hello. */
  peers(): readonly ListedPeer[];
  /** Those that were met and cannot join: the last ones, until they join or are announced no longer. */
  incompatible(): readonly IncompatiblePeer[];
  /** When a connected peer was heard last, and how far it is; undefined for others. */
  contact(peerId: PeerId): PeerContact | undefined;
  /** Where the lanes of a connected peer listen; none where it has none, or is not connected. */
  lanesOf(peerId: PeerId): readonly ListenAddress[];
  /**
   * Connected peers that announce the game `ready` at a version. Default: the one this party plays, the catalog's, else the
   * newest.
   */
  candidates(gameId: GameId, version?: GameVersion): readonly Candidate[];
  /** Games of the others, by id; none that the catalog does not have. */
  games(): readonly RemoteGame[];
  /**
   * Connects to the peer that listens at `addr` ("ip:port") and greets it.
   *
   * @throws PeerError `bad-request`, `self-connect`, `connect-failed`, `wrong-party`, `incompatible-peer`, `cancelled`.
   */
  connect(addr: string, options?: { readonly signal?: AbortSignal }): Promise<PeerId>;
  /** The own library has a new snapshot. */
  libraryChanged(): void;
  /** Why nobody can be found by multicast at the moment; null when somebody can. */
  problem(): PeerError | null;
  /** @returns a function that ends the subscription. */
  onEvent(handler: (event: MeshEvent) => void): () => void;
  /** Says goodbye to everybody, takes the announcement back, closes the connections. Bounded in time. */
  stop(): Promise<void>;
}

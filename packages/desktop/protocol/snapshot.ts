import type { FailureReason, PeerSnapshot } from "@lanspread/peer";
import type { GameId, GameVersion, PeerId } from "@lanspread/proto";
import type { Failures } from "./failures.ts";
import type { PeerSetting, Settings } from "./settings.ts";

/** Facts of the catalog about a game, which never come from anywhere else. */
export interface GameFacts {
  readonly genre?: string;
  readonly maxPlayers?: number;
  readonly year?: number;
  readonly description?: string;
  readonly canHostServer?: boolean;
  /** Whether the catalog names a picture, which is at `/covers/` and the id; whether it can be shown is not known yet. */
  readonly hasCover?: boolean;
}

/** How far an operation is: what its last event said. */
export interface OperationProgress {
  /** `downloading`, or the phase of an install. */
  readonly phase: string;
  readonly doneBytes: number;
  /** 0 while it is not known. */
  readonly totalBytes: number;
  /** Null where nobody knows it. */
  readonly bytesPerSecond: number | null;
  readonly etaSeconds: number | null;
  /** Bytes per second of each source. */
  readonly rates: Readonly<Record<PeerId, number>>;
  /** Bytes that came from each source, and are verified. */
  readonly fetched: Readonly<Record<PeerId, number>>;
}

/** What the app was started with. */
export interface Setup {
  /** What was said when it was started: the settings do not count there. */
  readonly fixed: readonly PeerSetting[];
  /** Party CA and networks that were said then; what else was said, the status has. */
  readonly said: { readonly partyCa: string | null; readonly interfaces: readonly string[] };
  readonly stateDir: string;
  /** Why the peer could not be started with the settings: it is alone until they are changed. Null where it could. */
  readonly problem: FailureReason | null;
}

/** Everything a page shows, at one moment. The only source of what a card says; events that follow change it. */
export interface DesktopSnapshot
  extends Pick<
    PeerSnapshot,
    | "status"
    | "games"
    | "peers"
    | "outbound"
    | "incompatible"
    | "warnings"
    | "gamesDirProblem"
    | "networkProblem"
  > {
  /** By id; a game that the catalog does not have is left out. */
  readonly facts: Readonly<Record<GameId, GameFacts>>;
  /** Of the operations that are under way and have told how far they are. */
  readonly progress: Readonly<Record<GameId, OperationProgress>>;
  readonly failures: Failures;
  readonly settings: Settings;
  readonly setup: Setup;
  /** Version of the program. */
  readonly version: string;
  /** Windows that show this. */
  readonly windows: number;
}

/** Somebody of the party, as the grid of games has them. */
export interface PartyMember {
  readonly peerId: PeerId;
  /** When they came, milliseconds since 1970. */
  readonly since: number;
}

/** What everybody else has. Thousands of versions: those of a game are in the order of the members. */
export interface PartyView {
  readonly members: readonly PartyMember[];
  readonly versions: Readonly<Record<GameId, readonly (GameVersion | null)[]>>;
}

/** What there is to know about one game besides what the list of all games says. */
export interface GameDetails {
  /** Who has it, with the version that each has. */
  readonly holders: Readonly<Record<PeerId, GameVersion>>;
  /** Null where it is not installed, or nobody knows. */
  readonly installedVersion: GameVersion | null;
  /** Whether it is installed and has a script that starts a server. */
  readonly bringsServer: boolean;
  /** What the user should know of its folder. */
  readonly warnings: readonly string[];
}

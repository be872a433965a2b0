import type { PeerSnapshot } from "@lanspread/peer";
import type { GameId } from "@lanspread/proto";
import type { Settings } from "./settings.ts";

/** Facts of the catalog about a game, which never come from anywhere else. */
export interface GameFacts {
  readonly genre?: string;
  readonly maxPlayers?: number;
  readonly year?: number;
  readonly description?: string;
  readonly canHostServer?: boolean;
}

/** How far an operation is: what its last event said. */
export interface OperationProgress {
  /** `downloading`, or the phase of an install. */
  readonly phase: string;
  readonly doneBytes: number;
  readonly totalBytes: number;
}

/** Everything a page shows, at one moment. The only source of what a card says; events that follow change it. */
export interface DesktopSnapshot {
  readonly peer: PeerSnapshot;
  /** By id; a game that the catalog does not have is left out. */
  readonly facts: Readonly<Record<GameId, GameFacts>>;
  readonly settings: Settings;
  /** Version of the program. */
  readonly version: string;
}

import { join } from "node:path";
import type { GameId, ListedGame, LocalGame } from "@lanspread/proto";
import type { Catalog } from "../catalog/index.ts";
import { PeerError } from "../errors/index.ts";
import type { Unpacker } from "../install/index.ts";
import type { LanePool } from "../lanes/index.ts";
import type { Library } from "../library/index.ts";
import type { Logger } from "../logger.ts";
import type { PeerMesh } from "../peers/index.ts";
import type { Slots } from "../serve/slots.ts";
import type { StateDir } from "../storage/index.ts";
import type { OutboundTransfers } from "../transfer/index.ts";
import type { EventBus } from "./event-bus.ts";
import { jointLibrary } from "./joint-library.ts";
import type { OperationTable } from "./operations.ts";
import type { OutboundProgress } from "./outbound-progress.ts";
import type { TransferActivity } from "./transfer-activity.ts";

/** What commands work with: the parts of one running peer. */
export interface RuntimeContext {
  readonly catalog: Catalog;
  readonly stateDir: StateDir;
  readonly library: Library;
  readonly mesh: PeerMesh;
  readonly operations: OperationTable;
  readonly outbound: OutboundTransfers;
  readonly outboundProgress: OutboundProgress;
  readonly lanes: LanePool;
  readonly activity: TransferActivity;
  readonly unpacker: Unpacker;
  /** Places of streamed installs: the others wait for their turn. */
  readonly streamPlaces: Slots;
  readonly bus: EventBus;
  readonly logger: Logger;
  /** Operations that are under way, whose end `stop()` waits for. */
  readonly running: Set<Promise<void>>;
  /** Resolves when the games directory was looked through once: before that nothing is known of the own games. */
  readonly scanned: Promise<void>;
  /** Aborted when the peer stops. */
  readonly signal: AbortSignal;
}

/** The folder of a game. */
export function rootOf(context: RuntimeContext, gameId: GameId): string {
  return join(context.library.state().gamesDir, gameId);
}

export function listGames(context: RuntimeContext): ListedGame[] {
  return jointLibrary({
    local: context.library.localGames(),
    remote: context.mesh.games(),
    operations: context.operations.list(),
    catalog: context.catalog,
  });
}

/** The own copy of a game; undefined where there is none. */
export function localGame(context: RuntimeContext, gameId: GameId): LocalGame | undefined {
  return context.library.localGames().find(({ id }) => id === gameId);
}

/** @throws PeerError `not-in-catalog` */
export function requireInCatalog(context: RuntimeContext, gameId: GameId): void {
  if (context.catalog.has(gameId)) return;
  throw new PeerError("not-in-catalog", `The catalog of this party does not have ${gameId}.`);
}

/** @throws PeerError: why the games directory cannot be used */
export function requireGamesDir(context: Pick<RuntimeContext, "library">): void {
  const { problem } = context.library.state();
  if (problem !== null) throw problem;
}

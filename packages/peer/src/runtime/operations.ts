import type { ActiveOperation, GameId, OperationKind } from "@lanspread/proto";
import { PeerError } from "../errors/index.ts";

/** One operation that holds its game's slot. */
export interface Operation {
  readonly gameId: GameId;
  readonly kind: OperationKind;
  /** Aborted to end the operation; its reason is a PeerError, `cancelled` or `shutting-down`. */
  readonly controller: AbortController;
}

/** Which game has which operation: at most one per game. */
export class OperationTable {
  readonly #operations = new Map<GameId, Operation>();
  /** What {@link takeChange} said last. */
  #taken: readonly ActiveOperation[] = [];
  /** Why nothing may begin, by whoever says so; the first one counts. */
  readonly #closed = new Set<{ readonly reason: PeerError }>();

  isBusy(gameId: GameId): boolean {
    return this.#operations.has(gameId);
  }

  get(gameId: GameId): Operation | undefined {
    return this.#operations.get(gameId);
  }

  /** In the order of their beginning. */
  list(): readonly ActiveOperation[] {
    return [...this.#operations.values()].map(({ gameId, kind }) => ({ gameId, kind }));
  }

  /**
   * The list where it is not what it was at the last call, else null: operations that begin at the same moment are told
   * together, and none of them a second time.
   */
  takeChange(): readonly ActiveOperation[] | null {
    const now = this.list();
    const before = this.#taken;
    const isSame =
      now.length === before.length &&
      now.every(({ gameId, kind }, at) => gameId === before[at]?.gameId && kind === before[at].kind);
    this.#taken = now;
    return isSame ? null : now;
  }

  /** @throws PeerError `operation-in-progress` where the slot is taken */
  begin(gameId: GameId, kind: OperationKind): Operation {
    this.#requireOpen();
    const running = this.#operations.get(gameId);
    if (running !== undefined) {
      throw new PeerError("operation-in-progress", `${gameId} is ${running.kind} at the moment.`);
    }
    const operation: Operation = { gameId, kind, controller: new AbortController() };
    this.#operations.set(gameId, operation);
    return operation;
  }

  /** The operation goes on as another kind; nobody else gets in between. */
  change(operation: Operation, kind: OperationKind): Operation {
    this.#expect(operation);
    const changed: Operation = { ...operation, kind };
    this.#operations.set(operation.gameId, changed);
    return changed;
  }

  end(operation: Operation): void {
    this.#expect(operation);
    this.#operations.delete(operation.gameId);
  }

  /**
   * Refuses every new operation with `reason` until `work` has ended.
   *
   * @throws PeerError the reason of another one that refuses them at the moment
   */
  async closedDuring<T>(reason: PeerError, work: () => Promise<T>): Promise<T> {
    this.#requireOpen();
    return this.alsoClosedDuring(reason, work);
  }

  /** As {@link closedDuring}, also beside another one: they are refused until both have ended. */
  async alsoClosedDuring<T>(reason: PeerError, work: () => Promise<T>): Promise<T> {
    const closing = { reason };
    this.#closed.add(closing);
    try {
      return await work();
    } finally {
      this.#closed.delete(closing);
    }
  }

  /** Ends all of them by their signals; they leave their slots by themselves. */
  abortAll(reason: PeerError): void {
    for (const { controller } of this.#operations.values()) controller.abort(reason);
  }

  #requireOpen(): void {
    for (const { reason } of this.#closed) throw reason;
  }

  #expect(operation: Operation): void {
    if (this.#operations.get(operation.gameId)?.controller === operation.controller) return;
    throw new PeerError("internal", `${operation.gameId}: the operation does not hold its slot`);
  }
}

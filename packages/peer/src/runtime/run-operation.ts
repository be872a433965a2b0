import type { GameId, OperationKind, RuntimeEvent } from "@lanspread/proto";
import { PeerError, toPeerError } from "../errors/index.ts";
import type { KnownContent } from "../library/index.ts";
import type { Logger } from "../logger.ts";
import type { RuntimeContext } from "./context.ts";
import type { Operation } from "./operations.ts";

/** What the work of an operation reports to its frame. */
export interface OperationFrame {
  readonly signal: AbortSignal;
  /** Goes on as another kind in the same slot, and says how the part that has ended did. */
  continueAs(kind: OperationKind, endEvent: RuntimeEvent): void;
  /** What is known of the game's new content spares it from being read again. */
  know(content: KnownContent): void;
}

export interface OperationOptions {
  readonly gameId: GameId;
  readonly kind: OperationKind;
  /** Does the work; returns the end event. */
  readonly work: (frame: OperationFrame) => Promise<RuntimeEvent>;
  /** The end event of work that was thrown out of. */
  readonly failed: (error: PeerError, kind: OperationKind) => RuntimeEvent;
  /** Called when somebody has cancelled the operation, before its end is told: also where the work had not begun. */
  readonly cancelled?: () => Promise<void>;
}

/** What an operation needs of the running peer. */
export type OperationContext = Pick<
  RuntimeContext,
  "bus" | "library" | "logger" | "operations" | "outbound" | "running" | "signal"
>;

/**
 * Accepts an operation and runs it. Events come in the order `active-operations-changed` with it,
 * `local-library-changed` where something changed, `active-operations-changed` without it, and last the end event: by
 * then the next command on the game is accepted. Serving of the game stops before the work begins.
 *
 * Returns when the operation holds its slot; the first event comes in a later turn, behind the answer to the command.
 *
 * @throws PeerError `operation-in-progress`, `shutting-down`
 */
export function beginOperation(context: OperationContext, options: OperationOptions): void {
  if (context.signal.aborted) throw new PeerError("shutting-down", "The peer is stopping.");
  const operation = context.operations.begin(options.gameId, options.kind);
  const run = nextTurn().then(() => runOperation(context, options, operation));
  context.running.add(run);
  void run.finally(() => context.running.delete(run));
}

async function runOperation(
  context: OperationContext,
  options: OperationOptions,
  begun: Operation,
): Promise<void> {
  const { gameId } = options;
  const { library, operations, outbound, logger } = context;
  let operation = begun;
  let known: KnownContent | undefined;
  const { signal } = operation.controller;
  tellOperations(context);
  let end: RuntimeEvent;
  try {
    await library.hold(gameId);
    await outbound.cancel(gameId);
    signal.throwIfAborted();
    end = await options.work({
      signal,
      continueAs: (kind, endEvent) => {
        operation = operations.change(operation, kind);
        // What goes on may take long, and nobody looks meanwhile.
        if (known !== undefined) known = { manifestHash: known.manifestHash, digests: known.digests };
        tellOperations(context);
        context.bus.emit(endEvent);
      },
      know: (content) => {
        known = content;
      },
    });
  } catch (error) {
    const cause = toPeerError(signal.aborted ? signal.reason : error);
    if (cause.code === "internal") logger.error("an operation failed", { gameId, error });
    if (signal.aborted && cause.code !== "shutting-down") await undo(options, logger);
    end = options.failed(cause, operation.kind);
  }
  try {
    await library.release(gameId, known);
  } catch (error) {
    logger.warn("the game could not be looked at after an operation", { gameId, error });
  }
  operations.end(operation);
  tellOperations(context);
  context.bus.emit(end);
}

async function undo({ gameId, cancelled }: OperationOptions, logger: Logger): Promise<void> {
  try {
    await cancelled?.();
  } catch (error) {
    logger.warn("what a cancelled operation had left could not be removed", { gameId, error });
  }
}

function tellOperations(context: OperationContext): void {
  const operations = context.operations.takeChange();
  if (operations !== null) context.bus.emit({ type: "active-operations-changed", operations });
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

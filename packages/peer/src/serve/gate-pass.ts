import { type GameId, RESET, WireError, type WireErrorCode } from "@lanspread/proto";
import type { AnsweringStream } from "./answering-stream.ts";
import {
  decideServe,
  type ServeDecision,
  type ServePermission,
  type ServeRequest,
  type ServeView,
} from "./gate.ts";
import { Refused } from "./refused.ts";

/** Asks the gate at this moment: throws where it is closed. */
export type GatePass = () => ServePermission;

/**
 * The gate for one answer, to be asked again whenever bytes are about to be read.
 *
 * It throws Refused as long as nothing was sent, and a WireError with the reset `revoked` after that.
 */
export function gatePass(
  stream: Pick<AnsweringStream, "begun">,
  asked: ServeRequest,
  viewOf: (id: GameId) => ServeView,
): GatePass {
  let judged: { readonly view: ServeView; readonly decision: ServeDecision } | null = null;
  return () => {
    const view = viewOf(asked.gameId);
    // What a view says never changes, and lanes have the same one until it is revoked.
    if (judged?.view !== view) judged = { view, decision: decideServe(view, asked) };
    const { decision } = judged;
    if (decision.allow) return decision;
    if (!stream.begun) throw Refused.by(decision);
    throw new WireError(decision.refuse, decision.message, RESET.revoked);
  };
}

/** The gate has let the request through: what is wrong now is the disk. */
const STALE: ReadonlySet<WireErrorCode> = new Set(["manifest_changed", "not_downloaded", "forbidden_path"]);

/** Does what looks at the disk; `onStale` is told when the disk is not as the gate takes it to be. */
export async function onDisk<T>(look: () => Promise<T>, onStale: () => void): Promise<T> {
  try {
    return await look();
  } catch (error) {
    const code =
      error instanceof Refused ? error.answer.code : error instanceof WireError ? error.code : null;
    if (code !== null && STALE.has(code)) onStale();
    throw error;
  }
}

import { type GameId, type PeerId, WireError } from "@lanspread/proto";
import { PeerError } from "../../errors/index.ts";
import { SinkError } from "../../transfer/index.ts";
import { SourceFault, type SourceFaultKind } from "./source-fault.ts";

/**
 * What receiving from a source has failed with: a SourceFault where the source is to blame and another one may do better, else
 * what ends the whole install: a cancellation, or what the own disk says.
 */
export function receiveFailure(error: unknown, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted === true) return signal.reason;
  if (error instanceof SourceFault) return error;
  if (error instanceof SinkError) return error.cause;
  if (error instanceof WireError) return new SourceFault("wrong", error.message, { cause: error });
  const message = error instanceof Error ? error.message : String(error);
  return new SourceFault("gone", message, { cause: error });
}

const BAD_ARCHIVES_HINT =
  "The archives cannot be unpacked where they are: ask the peer who packed the game for others.";

/** The error of an install that no source has sent to its end. */
export function sourcesFailure(
  gameId: GameId,
  faults: readonly (readonly [peerId: PeerId, fault: SourceFault])[],
): PeerError {
  const kinds = new Set(faults.map(([, { kind }]) => kind));
  const [, last] = faults.at(-1) ?? [];
  if (kinds.size === 1 && kinds.has("no-room") && last?.cause instanceof PeerError) return last.cause;
  const said = faults.map(([peerId, { message }]) => `${peerId}: ${message}`);
  const message =
    said.length === 0
      ? `No peer offers ${gameId}.`
      : `No source has sent ${gameId} to its end. ${said.join("; ")}`;
  const onlyBadArchives = faults.length > 0 && faults.every(([, { badArchives }]) => badArchives);
  return new PeerError(codeOf(kinds), message, onlyBadArchives ? { hint: BAD_ARCHIVES_HINT } : {});
}

function codeOf(
  kinds: ReadonlySet<SourceFaultKind>,
): "verification" | "stream-failed" | "no-peers-have-game" {
  if (kinds.size === 0) return "no-peers-have-game";
  return kinds.has("wrong") ? "verification" : "stream-failed";
}

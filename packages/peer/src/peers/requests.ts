import type { Answer, LibraryDelta, LibrarySnapshot, PeerId } from "@lanspread/proto";
import type { RequestChannel } from "../transfer/index.ts";
import { DELTA_TIMEOUT_MS, GOODBYE_TIMEOUT_MS, LIST_GAMES_TIMEOUT_MS } from "./constants.ts";

/** @throws when no pong comes */
export async function ping(channel: RequestChannel, ownId: PeerId, signal: AbortSignal): Promise<void> {
  const answer = await channel.request({ type: "ping", peer_id: ownId }, { signal });
  if (answer.type !== "pong") throw new Error(`a ping was answered with ${answer.type}`);
}

export async function askForLibrary(channel: RequestChannel, signal: AbortSignal): Promise<LibrarySnapshot> {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(LIST_GAMES_TIMEOUT_MS)]);
  const answer = await channel.request({ type: "list_games" }, { signal: limited });
  if (answer.type !== "games") throw new Error(`list_games was answered with ${answer.type}`);
  return answer.snapshot;
}

export function tellDelta(
  channel: RequestChannel,
  delta: LibraryDelta,
  signal: AbortSignal,
): Promise<Answer> {
  return channel.request(delta, { signal: AbortSignal.any([signal, AbortSignal.timeout(DELTA_TIMEOUT_MS)]) });
}

/** A hint: who does not hear it finds out by itself. */
export async function sayGoodbye(channel: RequestChannel, ownId: PeerId): Promise<void> {
  const signal = AbortSignal.timeout(GOODBYE_TIMEOUT_MS);
  await channel.request({ type: "goodbye", peer_id: ownId }, { signal });
}

import type { Answer, LibraryDelta, LibrarySnapshot, PeerId } from "@lanspread/proto";
import type { RequestChannel } from "../transfer/index.ts";
import type { Clock } from "./clock.ts";
import { DELTA_TIMEOUT_MS, GOODBYE_TIMEOUT_MS, LIST_GAMES_TIMEOUT_MS } from "./constants.ts";
import { within } from "./within.ts";

/** What every request of the mesh is made with. */
export interface Asking {
  readonly channel: RequestChannel;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** @throws when no pong comes */
export async function ping(channel: RequestChannel, ownId: PeerId, signal: AbortSignal): Promise<void> {
  const answer = await channel.request({ type: "ping", peer_id: ownId }, { signal });
  if (answer.type !== "pong") throw new Error(`a ping was answered with ${answer.type}`);
}

export async function askForLibrary({ channel, clock, signal }: Asking): Promise<LibrarySnapshot> {
  const answer = await within({ clock, signal, limitMs: LIST_GAMES_TIMEOUT_MS }, (limited) =>
    channel.request({ type: "list_games" }, { signal: limited }),
  );
  if (answer.type !== "games") throw new Error(`list_games was answered with ${answer.type}`);
  return answer.snapshot;
}

export function tellDelta(delta: LibraryDelta, { channel, clock, signal }: Asking): Promise<Answer> {
  return within({ clock, signal, limitMs: DELTA_TIMEOUT_MS }, (limited) =>
    channel.request(delta, { signal: limited }),
  );
}

/** A hint: who does not hear it finds out by itself. */
export async function sayGoodbye(channel: RequestChannel, ownId: PeerId): Promise<void> {
  // Of the machine's time, as all that stopping waits for.
  const signal = AbortSignal.timeout(GOODBYE_TIMEOUT_MS);
  await channel.request({ type: "goodbye", peer_id: ownId }, { signal });
}

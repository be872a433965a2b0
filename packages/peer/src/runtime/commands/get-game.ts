import type { GameId } from "@lanspread/proto";
import { fetchManifest } from "../../download/index.ts";
import { PeerError } from "../../errors/index.ts";
import { type RuntimeContext, requireInCatalog } from "../context.ts";
import type { CommandResults } from "../types.ts";

/**
 * `get-game` and `fetch-latest-from-peers`: what a game consists of and who has it. Asks the peers; the own disk answers
 * where nobody else has the game, unless it is to be bypassed.
 *
 * @throws PeerError `not-in-catalog`, `no-peers-have-game`, and what the vote of the peers ends in
 */
export async function getGameCommand(
  context: RuntimeContext,
  gameId: GameId,
  options: { readonly peersOnly: boolean; readonly signal: AbortSignal },
): Promise<CommandResults["get-game"]> {
  requireInCatalog(context, gameId);
  const candidates = context.mesh.candidates(gameId);
  if (candidates.length > 0) {
    const pinned = context.catalog.entry(gameId)?.content_id;
    const { manifest, sources } = await fetchManifest({
      gameId,
      candidates,
      ...(pinned === undefined ? {} : { pinnedContentId: pinned }),
      signal: options.signal,
      logger: context.logger.child("download"),
    });
    return { manifest, sources: sources.map(({ peerId }) => peerId) };
  }
  const own = options.peersOnly ? undefined : context.library.manifestOf(gameId);
  if (own === undefined) throw new PeerError("no-peers-have-game", `No peer has ${gameId}.`);
  return { manifest: own.manifest, sources: [] };
}

import type { PeerSnapshot } from "@lanspread/peer";
import type { PeerId } from "@lanspread/proto";
import { byName } from "../../protocol/by-name.ts";
import type { PartyView } from "../../protocol/snapshot.ts";

/** What everybody has, for a page, by name as people are listed there. @param since when they came, milliseconds since 1970 */
export function partyView(
  { peers, remoteGames }: Pick<PeerSnapshot, "peers" | "remoteGames">,
  since: ReadonlyMap<PeerId, number>,
): PartyView {
  const sorted = [...peers].sort(byName);
  const members = sorted.map(({ peerId }) => ({ peerId, since: since.get(peerId) ?? 0 }));
  const versions = remoteGames.map(
    (game) => [game.id, members.map(({ peerId }) => game.versions.get(peerId) ?? null)] as const,
  );
  return { members, versions: Object.fromEntries(versions) };
}

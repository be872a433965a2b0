import type { Catalog } from "@lanspread/peer";
import type { DesktopSnapshot, GameFacts } from "../../protocol/snapshot.ts";

/** What a catalog says of its games, for pages. */
export function factsOf(catalog: Catalog): DesktopSnapshot["facts"] {
  const facts: Record<string, GameFacts> = {};
  for (const { id, genre, max_players, year, description, can_host_server, thumbnail } of catalog.entries()) {
    facts[id] = {
      ...(genre === undefined ? {} : { genre }),
      ...(max_players === undefined ? {} : { maxPlayers: max_players }),
      ...(year === undefined ? {} : { year }),
      ...(description === undefined ? {} : { description }),
      ...(can_host_server === undefined ? {} : { canHostServer: can_host_server }),
      ...(thumbnail === undefined ? {} : { hasCover: true }),
    };
  }
  return facts;
}

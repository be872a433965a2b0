import type { ListedPeer, RuntimeEvent } from "@lanspread/proto";
import { MAX_NAME_COLUMNS } from "./constants.ts";
import { printable } from "./format.ts";
import { truncate } from "./width.ts";

type Named = Pick<ListedPeer, "peerId" | "name">;

/** How peers are called where people read it, also of those that have left. */
export interface PeerNames {
  learn(peers: readonly Named[]): void;
  /** Feeds one event of the peer. */
  take(event: RuntimeEvent): void;
  /** Printable and short; with the head of the id where several have the name, and where none is known. */
  nameOf(peerId: string): string;
  /** The text with names instead of the ids of peers. */
  inText(text: string): string;
}

const ID_CHARS = 8;
const PEER_ID = /\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g;

export function createPeerNames(): PeerNames {
  const names = new Map<string, string>();
  const learn = (peers: readonly Named[]): void => {
    for (const { peerId, name } of peers) names.set(peerId, printable(name).trim());
  };
  const nameOf = (peerId: string): string => {
    const head = peerId.slice(0, ID_CHARS);
    const name = names.get(peerId) ?? "";
    if (name === "") return `peer ${head}`;
    const sameName = [...names.values()].filter((other) => other === name).length > 1;
    if (!sameName) return truncate(name, MAX_NAME_COLUMNS);
    return `${truncate(name, MAX_NAME_COLUMNS - ID_CHARS - 1)} ${head}`;
  };
  return {
    learn,
    take(event) {
      if (event.type === "peer-discovered" || event.type === "peer-updated") learn([event]);
    },
    nameOf,
    inText: (text) => text.replace(PEER_ID, (peerId) => (names.has(peerId) ? nameOf(peerId) : peerId)),
  };
}

import type { ListenAddress, PeerId } from "@lanspread/proto";
import type { Discovery, DiscoveryFactory, DiscoveryOptions, SeenPeer } from "../../src/peers/index.ts";
import type { TestPeer } from "./support.ts";

/** A network segment in memory: everybody sees everybody's announcement. */
export interface MemorySegment {
  /** Discovery of one peer on this segment. */
  readonly factory: DiscoveryFactory;
  /** Shows a record that no peer of this segment made. */
  plant(seen: SeenPeer): void;
  /** Takes a record away, whoever made it. */
  remove(peerId: PeerId): void;
  /** What is announced now. */
  records(): readonly SeenPeer[];
}

export function createMemorySegment(): MemorySegment {
  const members = new Set<DiscoveryOptions>();
  const records = new Map<PeerId, SeenPeer>();
  const show = (seen: SeenPeer) => {
    records.set(seen.peerId, seen);
    queueMicrotask(() => {
      for (const member of members) if (member.self.peer_id !== seen.peerId) member.onSeen(seen);
    });
  };
  const remove = (peerId: PeerId) => {
    if (!records.delete(peerId)) return;
    for (const member of members) if (member.self.peer_id !== peerId) member.onGone(peerId);
  };
  return {
    factory: (options): Discovery => {
      members.add(options);
      const others = [...records.values()];
      queueMicrotask(() => {
        for (const seen of others) if (members.has(options)) options.onSeen(seen);
      });
      const announce = (libraryRev: number) => show({ ...recordOf(options), libraryRev });
      announce(options.self.library_rev);
      return {
        update: announce,
        problem: () => null,
        stop: async () => {
          members.delete(options);
          remove(options.self.peer_id);
        },
      };
    },
    plant: show,
    remove,
    records: () => [...records.values()],
  };
}

export function recordOf({ self, listen }: DiscoveryOptions): SeenPeer {
  const addresses: readonly ListenAddress[] = [listen];
  return {
    peerId: self.peer_id,
    protoVer: self.proto_ver,
    libraryRev: self.library_rev,
    party: self.party,
    name: self.name,
    addresses,
  };
}

/** What a peer would announce, with changes. */
export function record(peer: TestPeer, changes: Partial<SeenPeer> = {}): SeenPeer {
  return {
    peerId: peer.peerId,
    protoVer: 5,
    libraryRev: 1,
    party: "test",
    name: "test",
    addresses: [{ host: "127.0.0.1", port: peer.port }],
    ...changes,
  };
}

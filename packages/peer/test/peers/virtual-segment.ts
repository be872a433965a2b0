import type { PeerId } from "@lanspread/proto";
import type { VirtualClock } from "@lanspread/testkit";
import type { Discovery, DiscoveryFactory, DiscoveryOptions, SeenPeer } from "../../src/peers/index.ts";
import { recordOf } from "./memory-discovery.ts";
import type { WireFaults } from "./virtual-wire.ts";

/** Announcements that get lost, come twice, late and in any order. */
export interface VirtualSegment {
  readonly factory: DiscoveryFactory;
  faults: WireFaults;
  /** What is announced by a process that has crashed. */
  vanish(peerId: PeerId): void;
  /** Everybody asks for all records again, and hears of those that have run out: as mDNS does before and at their ends. */
  refresh(): void;
}

interface Member {
  readonly options: DiscoveryOptions;
  readonly cache: Map<PeerId, SeenPeer>;
}

export function createVirtualSegment(clock: VirtualClock, faults: WireFaults): VirtualSegment {
  const members = new Set<Member>();
  const records = new Map<PeerId, SeenPeer>();
  const show = (member: Member, seen: SeenPeer): void => {
    if (!members.has(member)) return;
    if (JSON.stringify(member.cache.get(seen.peerId)) === JSON.stringify(seen)) return;
    member.cache.set(seen.peerId, seen);
    member.options.onSeen(seen);
  };
  const hide = (member: Member, peerId: PeerId): void => {
    if (members.has(member) && member.cache.delete(peerId)) member.options.onGone(peerId);
  };
  const tell = (from: PeerId, deliver: (member: Member) => void): void => {
    for (const member of members) {
      if (member.options.self.peer_id === from || segment.faults.lost()) continue;
      for (let copies = segment.faults.doubled() ? 2 : 1; copies > 0; copies--) {
        clock.setTimeout(() => deliver(member), segment.faults.delayMs());
      }
    }
  };
  const segment: VirtualSegment = {
    faults,
    factory: (options): Discovery => {
      const { peer_id: own } = options.self;
      const member: Member = { options, cache: new Map() };
      members.add(member);
      for (const [peerId, seen] of records) {
        if (peerId !== own) clock.setTimeout(() => show(member, seen), segment.faults.delayMs());
      }
      const update = (libraryRev: number): void => {
        const seen = { ...recordOf(options), libraryRev };
        records.set(own, seen);
        tell(own, (other) => show(other, seen));
      };
      update(options.self.library_rev);
      return {
        update,
        problem: () => null,
        stop: async () => {
          members.delete(member);
          records.delete(own);
          tell(own, (other) => hide(other, own));
        },
      };
    },
    vanish: (peerId) => {
      records.delete(peerId);
      for (const member of [...members]) if (member.options.self.peer_id === peerId) members.delete(member);
    },
    refresh: () => {
      for (const member of members) {
        for (const peerId of [...member.cache.keys()]) if (!records.has(peerId)) hide(member, peerId);
        for (const [peerId, seen] of records) if (peerId !== member.options.self.peer_id) show(member, seen);
      }
    },
  };
  return segment;
}

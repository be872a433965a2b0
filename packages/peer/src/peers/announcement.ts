import { formatListenAddress, type ListenAddress, type PeerId, PROTOCOL_VERSION } from "@lanspread/proto";
import { canReach, isOwnListener } from "./addresses.ts";
import { MAX_ADDRESSES_PER_PEER } from "./constants.ts";
import type { SeenPeer } from "./discovery.ts";

/** Who looks at announcements. */
export interface Onlooker {
  readonly peerId: PeerId;
  readonly party: string;
  readonly listen: ListenAddress;
  /** The own machine's addresses at the moment. */
  readonly ownAddresses: readonly string[];
}

/** What to make of an announcement. */
export type AnnouncementVerdict =
  /** The own one. */
  | { readonly kind: "own" }
  /** Another party's, or one that leads nowhere. */
  | { readonly kind: "foreign" }
  | { readonly kind: "incompatible"; readonly addr: string; readonly reason: string }
  /** A peer of this party; at least one address. */
  | { readonly kind: "peer"; readonly addresses: readonly [ListenAddress, ...ListenAddress[]] };

export function judgeAnnouncement(seen: SeenPeer, onlooker: Onlooker): AnnouncementVerdict {
  const { peerId, party, listen, ownAddresses } = onlooker;
  if (seen.peerId === peerId) return { kind: "own" };
  const [first, ...rest] = seen.addresses
    .filter(({ host }) => canReach(listen.host, host))
    .filter((address) => !isOwnListener(address, listen, ownAddresses))
    .slice(0, MAX_ADDRESSES_PER_PEER);
  if (seen.party !== party || first === undefined) return { kind: "foreign" };
  if (seen.protoVer === PROTOCOL_VERSION) return { kind: "peer", addresses: [first, ...rest] };
  const reason = `speaks version ${seen.protoVer} of the protocol, not ${PROTOCOL_VERSION}`;
  return { kind: "incompatible", addr: formatListenAddress(first), reason };
}

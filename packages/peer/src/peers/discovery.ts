import { isIPv4 } from "node:net";
import { createMdns, type InterfaceStatus, type ServiceInstance } from "@lanspread/mdns";
import {
  type Announcement,
  asPeerId,
  encodeAnnouncement,
  type ListenAddress,
  type PeerId,
  parseAnnouncement,
  SERVICE_TYPE,
} from "@lanspread/proto";
import { PeerError } from "../errors/index.ts";
import type { Logger } from "../logger.ts";
import { isWildcard, type SeenAddress, worthDialling } from "./addresses.ts";

/** A peer as it announces itself. Anybody may announce anything: only its certificate proves who it is. */
export interface SeenPeer {
  readonly peerId: PeerId;
  readonly protoVer: number;
  readonly libraryRev: number;
  readonly party: string;
  readonly name: string;
  /** Where it listens; best first. */
  readonly addresses: readonly SeenAddress[];
}

export interface DiscoveryOptions {
  /** What to announce. */
  readonly self: Announcement;
  /** The own listener. */
  readonly listen: ListenAddress;
  /** Own addresses of the only networks to use. */
  readonly interfaces?: readonly string[];
  readonly logger: Logger;
  /** A peer is announced, or its announcement has changed. Also for peers of other parties and versions. */
  readonly onSeen: (seen: SeenPeer) => void;
  /** A peer is announced no longer. */
  readonly onGone: (peerId: PeerId) => void;
}

/** Announces this peer, and reports the others until it is stopped. */
export interface Discovery {
  /** The own library has this revision now. */
  update(libraryRev: number): void;
  /** Why nobody can be found at the moment; null when somebody can. */
  problem(): PeerError | null;
  /** Resolves with the reason when it can neither announce nor find any more; it is started again then. Absent: never. */
  readonly failed?: Promise<unknown>;
  /** Takes the announcement back and frees everything. */
  stop(options: { readonly signal: AbortSignal }): Promise<void>;
}

/** Starts discovery. Handlers may be called from then on, never before it returns. */
export type DiscoveryFactory = (options: DiscoveryOptions) => Discovery;

/** Discovery by multicast DNS, on every usable interface or on the ones named. */
export function mdnsDiscovery(): DiscoveryFactory {
  return ({ self, listen, interfaces, logger, onSeen, onGone }) => {
    const own = interfaces ?? (isWildcard(listen.host) ? undefined : [listen.host]);
    const mdns = createMdns({ logger, ...(own === undefined ? {} : { interfaces: own }) });
    const advertisement = mdns.advertise({
      type: SERVICE_TYPE,
      instance: self.peer_id,
      port: listen.port,
      txt: encodeAnnouncement(self),
      families: [isIPv4(listen.host) ? "IPv4" : "IPv6"],
    });
    const shown = new Set<PeerId>();
    const hide = (instance: string) => {
      for (const peerId of shown) {
        if (peerId !== instance) continue;
        shown.delete(peerId);
        onGone(peerId);
      }
    };
    const show = (instance: ServiceInstance) => {
      const seen = seenPeer(instance);
      if (seen === null) {
        logger.debug("an announcement was ignored", { instance: instance.instance, host: instance.host });
        hide(instance.instance);
        return;
      }
      shown.add(seen.peerId);
      onSeen(seen);
    };
    mdns
      .browse(SERVICE_TYPE)
      .on("up", show)
      .on("changed", show)
      .on("down", ({ instance }) => hide(instance));
    return {
      update: (libraryRev) => advertisement.update(encodeAnnouncement({ ...self, library_rev: libraryRev })),
      problem: () => problemOf(mdns.interfaces()),
      stop: ({ signal }) => mdns.close({ signal }),
    };
  };
}

/** Null where the record is none of a peer, or is named after another one. */
function seenPeer({ instance, txt, port, addresses }: ServiceInstance): SeenPeer | null {
  const announcement = parseAnnouncement(txt);
  if (announcement === null || announcement.peer_id !== instance) return null;
  return {
    peerId: asPeerId(instance),
    protoVer: announcement.proto_ver,
    libraryRev: announcement.library_rev,
    party: announcement.party,
    name: announcement.name,
    addresses: worthDialling(addresses.map(({ address, vouched }) => ({ host: address, port, vouched }))),
  };
}

function problemOf(interfaces: readonly InterfaceStatus[]): PeerError | null {
  if (interfaces.some(({ state }) => state === "active" || state === "starting")) return null;
  const reasons = interfaces.map(({ name, address, reason }) => `${name || address} ${reason}`);
  const detail = reasons.length === 0 ? "this machine has none" : reasons.join("; ");
  return new PeerError("no-network-interface", `No network interface to find peers on: ${detail}`);
}

import { isIPv4, isIPv6 } from "node:net";
import { networkInterfaces } from "node:os";
import { formatListenAddress, type ListenAddress, parseListenAddress } from "@lanspread/proto";

/** Whether a listener at this host hears every address of the machine. */
export function isWildcard(host: string): boolean {
  return host === "0.0.0.0" || (isIPv6(host) && /^[0:]+$/.test(host));
}

/**
 * Where the sender of a hello listens. A wildcard host means nothing on another machine: it stands for the host that the
 * connection comes from. The connection's port is never used, it belongs to no listener.
 */
export function listenerOf(listenAddr: string, remoteHost: string): string {
  const listener = parseListenAddress(listenAddr);
  if (listener === null || !isWildcard(listener.host)) return listenAddr;
  return formatListenAddress({ host: plainHost(remoteHost), port: listener.port });
}

/** Where a peer is announced to listen. */
export interface SeenAddress extends ListenAddress {
  /** The machine with this address has said so itself. Absent: somebody has. */
  readonly vouched?: boolean;
}

/**
 * What to dial of announced addresses. Those come first that their own machine announces, so that others cannot crowd them
 * out; those are left out that are no machine's.
 */
export function worthDialling(announced: readonly SeenAddress[]): readonly SeenAddress[] {
  const rank = ({ vouched }: SeenAddress) => (vouched === true ? 0 : 1);
  return announced.filter(({ host }) => isOfOneMachine(host)).sort((a, b) => rank(a) - rank(b));
}

/**
 * Whether packets to an announced address reach one other machine at most. Not so: wildcards, multicast, broadcast and what
 * is reserved (RFC 6890; RFC 4291 section 2.4).
 */
function isOfOneMachine(host: string): boolean {
  const plain = plainHost(host);
  if (isIPv4(plain)) {
    const first = Number.parseInt(plain, 10);
    return first > 0 && first < 224;
  }
  return !isWildcard(plain) && !/^ff/i.test(plain);
}

/** Whether a socket bound to `own` can send to `host`. */
export function canReach(own: string, host: string): boolean {
  return isIPv4(own) === isIPv4(plainHost(host));
}

/**
 * Whether dialling `target` would end at the own listener.
 *
 * @param own addresses of this machine; they matter only where the listener hears all of them.
 */
export function isOwnListener(target: ListenAddress, listen: ListenAddress, own: readonly string[]): boolean {
  if (target.port !== listen.port) return false;
  const host = plainHost(target.host);
  if (host === listen.host || isWildcard(host)) return true;
  return isWildcard(listen.host) && (isLoopback(host) || own.includes(host));
}

/** The addresses of this machine at the moment. */
export function ownAddresses(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address));
}

/** IPv4 in the form of IPv6 (RFC 4291 section 2.5.5.2) as plain IPv4. */
function plainHost(host: string): string {
  const mapped = /^::ffff:([0-9.]+)$/i.exec(host)?.[1];
  return mapped !== undefined && isIPv4(mapped) ? mapped : host;
}

function isLoopback(host: string): boolean {
  return host === "::1" || (isIPv4(host) && host.startsWith("127."));
}

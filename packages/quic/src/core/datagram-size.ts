import {
  DEFAULT_DATAGRAM_BYTES,
  IPV4_OVERHEAD_BYTES,
  IPV6_OVERHEAD_BYTES,
  MAX_DATAGRAM_BYTES,
  MIN_INITIAL_DATAGRAM_BYTES,
} from "./constants.ts";

/** An address of this machine with its network and the interface's MTU in bytes (null: not known). */
export interface LocalNetwork {
  readonly family: "IPv4" | "IPv6";
  readonly address: string;
  readonly netmask: string;
  readonly internal: boolean;
  readonly mtu: number | null;
}

/** Loopback without a known MTU: macOS takes no datagrams over 9,216 bytes by default. */
const UNKNOWN_LOOPBACK_BYTES = 8_952;

/**
 * Largest datagram for a host that is never fragmented: what the interface in the same network carries, or a safe size for hosts
 * behind a router.
 */
export function datagramBytesTo(host: string, networks: readonly LocalNetwork[]): number {
  const target = parseIp(host);
  if (target === null) return DEFAULT_DATAGRAM_BYTES;
  for (const network of networks) {
    if ((network.family === "IPv4") !== (target.length === 4)) continue;
    if (!sameNetwork(target, network)) continue;
    if (network.mtu === null) return network.internal ? UNKNOWN_LOOPBACK_BYTES : DEFAULT_DATAGRAM_BYTES;
    const overhead = network.family === "IPv4" ? IPV4_OVERHEAD_BYTES : IPV6_OVERHEAD_BYTES;
    return Math.min(MAX_DATAGRAM_BYTES, Math.max(MIN_INITIAL_DATAGRAM_BYTES, network.mtu - overhead));
  }
  return DEFAULT_DATAGRAM_BYTES;
}

function sameNetwork(target: readonly number[], network: LocalNetwork): boolean {
  const address = parseIp(network.address);
  const mask = parseIp(network.netmask);
  if (address === null || mask === null) return false;
  return target.every((byte, i) => (byte & (mask[i] ?? 0)) === ((address[i] ?? 0) & (mask[i] ?? 0)));
}

/** The bytes of an IP address; null when it is none. A scope (`%eth0`) is ignored. */
function parseIp(text: string): number[] | null {
  const address = text.split("%")[0] ?? "";
  return address.includes(":") ? parseIpv6(address) : parseIpv4(address);
}

function parseIpv4(text: string): number[] | null {
  const parts = text.split(".");
  if (parts.length !== 4 || parts.some((part) => !/^\d{1,3}$/.test(part) || Number(part) > 255)) return null;
  return parts.map(Number);
}

function parseIpv6(text: string): number[] | null {
  const halves = text.split("::");
  if (halves.length > 2) return null;
  const [head, tail] = [groups(halves[0] ?? ""), groups(halves[1] ?? "")];
  if (head === null || tail === null) return null;
  const missing = 16 - head.length - tail.length;
  if (missing < 0 || (halves.length === 1 && missing !== 0)) return null;
  return [...head, ...new Array<number>(missing).fill(0), ...tail];
}

function groups(text: string): number[] | null {
  if (text === "") return [];
  const bytes: number[] = [];
  for (const group of text.split(":")) {
    if (group.includes(".")) {
      const embedded = parseIpv4(group);
      if (embedded === null) return null;
      bytes.push(...embedded);
    } else {
      if (!/^[0-9a-f]{1,4}$/i.test(group)) return null;
      const value = Number.parseInt(group, 16);
      bytes.push(value >> 8, value & 0xff);
    }
  }
  return bytes;
}

import { isLinkLocalIpv6, parseIpv4 } from "../dns/address.ts";
import type { AddressFamily } from "../types.ts";

/** What the system tells of one address (the shape of `os.networkInterfaces()`). */
export interface SystemAddress {
  readonly address: string;
  readonly netmask: string;
  readonly family: string;
  readonly internal: boolean;
  readonly scopeid?: number | undefined;
}
export type SystemInterfaces = Readonly<Record<string, readonly SystemAddress[] | undefined>>;

/** An interface to open a socket on. */
export interface UsableInterface {
  readonly name: string;
  /** IPv4 address the socket joins the group with. */
  readonly address: string;
  readonly netmask: string;
  /** What services on this interface are advertised with: its own addresses, no other's. */
  readonly addresses: readonly { readonly address: string; readonly family: AddressFamily }[];
  /** What follows `%` in a link-local address seen here. */
  readonly scope: string;
}

export interface LeftOutInterface {
  readonly name: string;
  readonly address: string;
  readonly state: "ignored" | "missing";
  readonly reason: string;
}

export interface Selection {
  readonly usable: readonly UsableInterface[];
  readonly leftOut: readonly LeftOutInterface[];
}

/**
 * Names of virtual networks that end inside this machine or lead to a far one: no neighbours to be found, or
 * the wrong ones.
 */
const VIRTUAL: readonly { readonly pattern: RegExp; readonly what: string }[] = [
  { pattern: /docker/i, what: "Docker" },
  { pattern: /^veth/i, what: "a container's cable" },
  { pattern: /^br-/i, what: "a container bridge" },
  { pattern: /^vEthernet/i, what: "Hyper-V" },
  { pattern: /vmware|^vmnet\d/i, what: "VMware" },
  { pattern: /virtualbox|^vboxnet\d/i, what: "VirtualBox" },
  { pattern: /\bwsl\b/i, what: "WSL" },
  { pattern: /^utun\d/i, what: "a VPN" },
  { pattern: /^(tun|tap)([\d_-]|$)|\btap-windows\b|\bopenvpn\b/i, what: "a VPN" },
];

/**
 * Which interfaces to use. Without `explicit`: each that has an IPv4 address, is not this machine's loopback
 * and has no name of a virtual network. With it (addresses, or interface names): those alone, whatever they
 * are. An address of 127.0.0.0/8 counts as one of the loopback interface's own.
 */
export function selectInterfaces(
  system: SystemInterfaces,
  explicit: readonly string[] | undefined,
  platform: string,
): Selection {
  const usable: UsableInterface[] = [];
  const leftOut: LeftOutInterface[] = [];
  const found = new Set<string>();
  for (const [name, addresses = []] of Object.entries(system)) {
    const first = addresses.find((entry) => entry.family === "IPv4");
    const leaveOut = (reason: string) =>
      leftOut.push({ name, address: (first ?? addresses[0])?.address ?? "", state: "ignored", reason });
    const wanted = explicit === undefined ? undefined : namedHere(name, addresses, explicit);
    for (const named of wanted ?? []) found.add(named);
    if (wanted?.length === 0) {
      leaveOut("not among the interfaces that were named");
      continue;
    }
    if (first === undefined) {
      leaveOut("has no IPv4 address");
      continue;
    }
    if (wanted === undefined) {
      const reason = reasonToIgnore(name, first.internal);
      if (reason !== null) {
        leaveOut(reason);
        continue;
      }
    }
    const entry = describe(name, addresses, wanted, platform);
    if (entry !== null) usable.push(entry);
    else leaveOut("has no IPv4 address among those that were named");
  }
  for (const named of explicit ?? []) {
    if (found.has(named)) continue;
    leftOut.push({
      name: "",
      address: named,
      state: "missing",
      reason: "no interface of this machine has this address",
    });
  }
  return { usable, leftOut };
}

function reasonToIgnore(name: string, internal: boolean): string | null {
  if (internal) return "loopback, used only when it is named";
  const virtual = VIRTUAL.find(({ pattern }) => pattern.test(name));
  return virtual === undefined ? null : `looks like ${virtual.what}, used only when it is named`;
}

function namedHere(name: string, addresses: readonly SystemAddress[], explicit: readonly string[]): string[] {
  return explicit.filter(
    (named) =>
      named === name ||
      addresses.some((entry) => entry.address === named) ||
      (isLoopbackIpv4(named) &&
        addresses.some((entry) => entry.family === "IPv4" && isLoopbackIpv4(entry.address))),
  );
}

function isLoopbackIpv4(address: string): boolean {
  return parseIpv4(address)?.[0] === 127;
}

/** Null where the names given leave no IPv4 address to work with. */
function describe(
  name: string,
  all: readonly SystemAddress[],
  wanted: readonly string[] | undefined,
  platform: string,
): UsableInterface | null {
  const byName = wanted === undefined || wanted.includes(name);
  const ipv4 = all.filter((entry) => entry.family === "IPv4");
  const chosen = byName ? ipv4 : ipv4.filter((entry) => wanted.includes(entry.address));
  const loopback = ipv4.find((entry) => isLoopbackIpv4(entry.address));
  const extra = byName || loopback === undefined ? [] : wanted.filter((named) => isLoopbackIpv4(named));
  const own = [...new Set([...chosen.map((entry) => entry.address), ...extra])];
  const address = own[0];
  if (address === undefined) return null;
  const netmask =
    (ipv4.find((entry) => entry.address === address) ?? loopback ?? ipv4[0])?.netmask ?? "255.255.255.255";
  const ipv6 = all.filter((entry) => entry.family === "IPv6" && (byName || wanted.includes(entry.address)));
  const scopeId = all.find((entry) => entry.family === "IPv6" && isLinkLocalIpv6(entry.address))?.scopeid;
  return {
    name,
    address,
    netmask,
    addresses: [
      ...own.map((ip) => ({ address: ip, family: "IPv4" as const })),
      ...ipv6.map((entry) => ({ address: entry.address, family: "IPv6" as const })),
    ],
    // Windows knows interfaces by number here, all others by name.
    scope: platform === "win32" && scopeId !== undefined ? String(scopeId) : name,
  };
}

/** Whether a socket for the one serves the other too. */
export function sameSocket(one: UsableInterface, other: UsableInterface): boolean {
  return one.name === other.name && one.address === other.address && one.netmask === other.netmask;
}

import { z } from "zod";

/** Where a peer listens: an IP address without brackets or zone, and a UDP port. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

const IPV4 = z.ipv4();
const IPV6 = z.ipv6();
const FORM = /^(?:\[([0-9a-fA-F:.]{2,45})\]|([0-9.]{7,15})):([1-9][0-9]{0,4})$/;
const MAX_PORT = 65_535;

/**
 * Reads "192.168.1.7:4000" or "[fe80::1]:4000"; null for anything else, names and IPv6 zones included: a name would need
 * a resolver, and a zone means nothing on another machine.
 */
export function parseListenAddress(text: string): ListenAddress | null {
  const [, v6, v4, digits] = FORM.exec(text) ?? [];
  const port = Number(digits);
  const host = v6 ?? v4;
  if (host === undefined || port > MAX_PORT) return null;
  const known = v6 === undefined ? IPV4.safeParse(host) : IPV6.safeParse(host);
  return known.success ? { host, port } : null;
}

/** The form that {@link parseListenAddress} reads. A zone ("%eth0") is left out. */
export function formatListenAddress({ host, port }: ListenAddress): string {
  const [address = ""] = host.split("%");
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

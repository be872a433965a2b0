import type { DnsRecord } from "../src/dns/records.ts";
import { encodeTxt } from "../src/dns/txt.ts";

export const TYPE = "_x._udp.local";

/** The records another machine sends of one of its services. */
export interface ForeignService {
  readonly instance: string;
  readonly host?: string;
  readonly port?: number;
  readonly txt?: Readonly<Record<string, string>>;
  readonly addresses?: readonly string[];
}

export function pointer(instance: string, ttl = 4_500): DnsRecord {
  return { name: TYPE, type: "PTR", ttl, flush: false, target: `${instance}.${TYPE}` };
}

export function service(instance: string, host = `${instance}.local`, port = 4_433, ttl = 120): DnsRecord {
  const name = `${instance}.${TYPE}`;
  return { name, type: "SRV", ttl, flush: true, priority: 0, weight: 0, port, target: host };
}

export function text(instance: string, txt: Readonly<Record<string, string>>, ttl = 4_500): DnsRecord {
  return { name: `${instance}.${TYPE}`, type: "TXT", ttl, flush: true, strings: encodeTxt(txt) };
}

export function address(host: string, ip: string, ttl = 120): DnsRecord {
  return { name: host, type: ip.includes(":") ? "AAAA" : "A", ttl, flush: true, address: ip };
}

/** All of them; `ttl` 0 takes them back. */
export function serviceRecords(of: ForeignService, ttl?: number): DnsRecord[] {
  const { instance, host = `${instance}.local`, port, txt = {}, addresses = ["10.0.0.9"] } = of;
  return [
    pointer(instance, ttl),
    service(instance, host, port, ttl),
    text(instance, txt, ttl),
    ...addresses.map((ip) => address(host, ip, ttl)),
  ];
}

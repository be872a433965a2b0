import { HOST_TTL_S, MAX_LABEL_BYTES, OTHER_TTL_S } from "../constants.ts";
import { checkName } from "../dns/encode.ts";
import { instanceName, joinLabels } from "../dns/name.ts";
import {
  type AddressRecord,
  type DnsRecord,
  ENUMERATION_NAME,
  type PointerRecord,
  type ServiceRecord,
  type TextRecord,
} from "../dns/records.ts";
import { encodeTxt } from "../dns/txt.ts";
import type { UsableInterface } from "../net/select-interfaces.ts";
import type { AddressFamily, ServiceOptions } from "../types.ts";

/** A service as it is kept while it is advertised. Names are whole, `.local` included. */
export interface OwnService {
  readonly type: string;
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly strings: readonly Uint8Array[];
  readonly families: readonly AddressFamily[];
}

/** The records of one service on one interface. */
export interface ServiceRecords {
  /** "There are services of this type": shared by all hosts, so it is never taken back (RFC 6763 section 9). */
  readonly enumeration: PointerRecord;
  readonly pointer: PointerRecord;
  readonly service: ServiceRecord;
  readonly text: TextRecord;
  readonly hosts: readonly AddressRecord[];
}

/** A type as a whole name. Throws RangeError for what is no DNS-SD type (RFC 6763 section 7). */
export function wholeType(type: string): string {
  const name = type.replace(/\.$/, "").replace(/\.local$/i, "");
  if (!/^_[A-Za-z0-9-]+\._(udp|tcp)$/.test(name))
    throw new RangeError(`${type} is no service type such as _name._udp.local`);
  return `${name}.local`;
}

/** Throws RangeError, naming the field, for what cannot be put into records. */
export function makeService(options: ServiceOptions, defaultHostname: string): OwnService {
  const type = wholeType(options.type);
  const { instance, port } = options;
  if (instance === "") throw new RangeError("the instance name is empty");
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new RangeError(`${port} is no port`);
  const name = instanceName(instance, type);
  const host = `${joinLabels([options.hostname ?? defaultHostname])}.local`;
  checkName(name);
  checkName(host);
  return {
    type,
    name,
    host,
    port,
    strings: encodeTxt(options.txt),
    families: options.families ?? ["IPv4", "IPv6"],
  };
}

/**
 * A host label from a machine's name: what is no letter, digit or hyphen becomes a hyphen; `suffix` makes it
 * unique.
 */
export function hostLabel(machine: string, suffix: string): string {
  const slug = machine
    .split(".")[0]
    ?.replace(/[^A-Za-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, MAX_LABEL_BYTES - suffix.length - 1);
  return slug === undefined || slug === "" ? `host-${suffix}` : `${slug}-${suffix}`;
}

export function serviceRecords(service: OwnService, addresses: UsableInterface["addresses"]): ServiceRecords {
  const { type, name, host, port, strings } = service;
  return {
    enumeration: { name: ENUMERATION_NAME, type: "PTR", ttl: OTHER_TTL_S, flush: false, target: type },
    pointer: { name: type, type: "PTR", ttl: OTHER_TTL_S, flush: false, target: name },
    service: { name, type: "SRV", ttl: HOST_TTL_S, flush: true, priority: 0, weight: 0, port, target: host },
    text: { name, type: "TXT", ttl: OTHER_TTL_S, flush: true, strings },
    hosts: addresses
      .filter(({ family }) => service.families.includes(family))
      .map(({ address, family }) => ({
        name: host,
        type: family === "IPv4" ? "A" : "AAAA",
        ttl: HOST_TTL_S,
        flush: true,
        address,
      })),
  };
}

export function allRecords(records: ServiceRecords): DnsRecord[] {
  return [records.pointer, records.service, records.text, ...records.hosts, records.enumeration];
}

import { isLinkLocalIpv6 } from "../dns/address.ts";
import { instanceOf, nameKey } from "../dns/name.ts";
import type { DnsRecord, Question, RecordOf, RecordType } from "../dns/records.ts";
import { decodeTxt } from "../dns/txt.ts";
import type { ServiceAddress, ServiceInstance } from "../types.ts";
import type { RecordCache, Remembered } from "./cache.ts";

/** One interface's share of what is known. */
export interface InterfaceView {
  readonly name: string;
  readonly scope: string;
  readonly cache: RecordCache;
}

/**
 * The complete instances of a type over all interfaces, by the key of their name. An instance counts on an
 * interface when its PTR, SRV, TXT and an address of its host were heard there; seen on several it is one
 * instance with the addresses of all, and the newest SRV and TXT. Names in `own` (keys) are left out.
 */
export function resolveInstances(
  views: readonly InterfaceView[],
  type: string,
  own: ReadonlySet<string>,
): Map<string, ServiceInstance> {
  const found = new Map<string, { instance: string; parts: Part[] }>();
  for (const view of views) {
    for (const { record } of view.cache.lookup(type, "PTR")) {
      const key = nameKey(record.target);
      const instance = own.has(key) ? null : instanceOf(record.target, type);
      const part = instance === null ? null : resolveOn(view, record.target);
      if (instance === null || part === null) continue;
      const entry = found.get(key) ?? { instance, parts: [] };
      entry.parts.push(part);
      found.set(key, entry);
    }
  }
  const instances = new Map<string, ServiceInstance>();
  for (const [key, { instance, parts }] of found) {
    const service = newest(parts.map((part) => part.service));
    const text = newest(parts.map((part) => part.text));
    if (service === undefined || text === undefined) continue;
    instances.set(key, {
      instance,
      type,
      host: service.target,
      port: service.port,
      txt: decodeTxt(text.strings),
      addresses: parts.flatMap((part) => part.addresses).sort(byFamilyThenText),
    });
  }
  return instances;
}

type Of<T extends RecordType> = Remembered<RecordOf<T>>;
interface Part {
  readonly service: Of<"SRV">;
  readonly text: Of<"TXT">;
  readonly addresses: ServiceAddress[];
}

function resolveOn(view: InterfaceView, name: string): Part | null {
  const service = newestOf(view.cache.lookup(name, "SRV"));
  const text = newestOf(view.cache.lookup(name, "TXT"));
  if (service === undefined || text === undefined) return null;
  const { target } = service.record;
  const addresses: ServiceAddress[] = [
    ...view.cache.lookup(target, "A").map(({ record: { address }, vouched }) => ({
      address,
      family: "IPv4" as const,
      interface: view.name,
      vouched,
    })),
    ...view.cache.lookup(target, "AAAA").map(({ record: { address }, vouched }) => ({
      address: isLinkLocalIpv6(address) ? `${address}%${view.scope}` : address,
      family: "IPv6" as const,
      interface: view.name,
      vouched,
    })),
  ];
  return addresses.length === 0 ? null : { service, text, addresses };
}

function newestOf<R extends DnsRecord>(heard: readonly Remembered<R>[]): Remembered<R> | undefined {
  // On a tie the later entry: it was learned later.
  return heard.reduce<Remembered<R> | undefined>(
    (best, entry) => (best !== undefined && best.receivedAt > entry.receivedAt ? best : entry),
    undefined,
  );
}

function newest<R extends DnsRecord>(heard: readonly Remembered<R>[]): R | undefined {
  return newestOf(heard)?.record;
}

function byFamilyThenText(one: ServiceAddress, other: ServiceAddress): number {
  const key = (address: ServiceAddress) => `${address.family} ${address.interface} ${address.address}`;
  return key(one) < key(other) ? -1 : 1;
}

/** What to ask for so that each instance of the types becomes complete on this interface, by a key per question. */
export function missingQuestions(
  cache: RecordCache,
  types: readonly string[],
  own: ReadonlySet<string>,
): Map<string, Question> {
  const questions = new Map<string, Question>();
  const ask = (name: string, type: RecordType) =>
    questions.set(`${type} ${nameKey(name)}`, { name, type, unicast: false });
  for (const type of types) {
    for (const { record } of cache.lookup(type, "PTR")) {
      if (own.has(nameKey(record.target)) || instanceOf(record.target, type) === null) continue;
      if (cache.lookup(record.target, "TXT").length === 0) ask(record.target, "TXT");
      const service = newestOf(cache.lookup(record.target, "SRV"));
      if (service === undefined) {
        ask(record.target, "SRV");
        continue;
      }
      const { target } = service.record;
      if (cache.lookup(target, "A").length > 0 || cache.lookup(target, "AAAA").length > 0) continue;
      ask(target, "A");
      ask(target, "AAAA");
    }
  }
  return questions;
}

/**
 * What a browser has to say to get from one state to the next: first what went, then what changed, then what
 * came.
 */
export function diffInstances(
  before: ReadonlyMap<string, ServiceInstance>,
  after: ReadonlyMap<string, ServiceInstance>,
): { event: "up" | "changed" | "down"; instance: ServiceInstance }[] {
  const events: { event: "up" | "changed" | "down"; instance: ServiceInstance }[] = [];
  for (const [key, instance] of before) if (!after.has(key)) events.push({ event: "down", instance });
  for (const [key, instance] of after) {
    const old = before.get(key);
    if (old !== undefined && fingerprint(old) !== fingerprint(instance))
      events.push({ event: "changed", instance });
  }
  for (const [key, instance] of after) if (!before.has(key)) events.push({ event: "up", instance });
  return events;
}

function fingerprint(instance: ServiceInstance): string {
  const { host, port, addresses } = instance;
  const txt = Object.entries(instance.txt).sort(([one], [other]) => (one < other ? -1 : 1));
  return JSON.stringify([
    nameKey(host),
    port,
    txt,
    addresses.map((entry) => [entry.address, entry.interface, entry.vouched]),
  ]);
}

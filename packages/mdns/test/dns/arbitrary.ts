import fc from "fast-check";
import { formatIpv4, formatIpv6 } from "../../src/dns/address.ts";
import { joinLabels } from "../../src/dns/name.ts";
import { type DnsPacket, type DnsRecord, makePacket, type Question } from "../../src/dns/records.ts";

const label = fc
  .string({ unit: "grapheme", minLength: 1, maxLength: 20 })
  .filter((text) => Buffer.byteLength(text) <= 63);
/** Few different names, so that compression has something to do; dots and backslashes inside labels included. */
const anyName: fc.Arbitrary<string> = fc
  .tuple(fc.array(fc.oneof(label, fc.constantFrom("a", "A.b", "c\\d", "_x")), { maxLength: 3 }), fc.nat(3))
  .map(([labels, tail]) => joinLabels([...labels, ...["_udp", "local", "example"].slice(0, tail), "local"]))
  .filter((name) => Buffer.byteLength(name) < 240);

const common = {
  name: anyName,
  ttl: fc.oneof(fc.constantFrom(0, 120, 4_500), fc.integer({ min: 0, max: 0xffffffff })),
  flush: fc.boolean(),
};
const port = fc.integer({ min: 0, max: 65_535 });
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

const anyRecord: fc.Arbitrary<DnsRecord> = fc.oneof(
  fc.record({ ...common, type: fc.constant("A" as const), address: bytes(4).map(formatIpv4) }),
  fc.record({ ...common, type: fc.constant("AAAA" as const), address: bytes(16).map(formatIpv6) }),
  fc.record({ ...common, type: fc.constant("PTR" as const), target: anyName }),
  fc.record({
    ...common,
    type: fc.constant("SRV" as const),
    priority: port,
    weight: port,
    port,
    target: anyName,
  }),
  fc.record({
    ...common,
    type: fc.constant("TXT" as const),
    strings: fc.array(fc.uint8Array({ maxLength: 255 }), { maxLength: 4 }),
  }),
);

const anyQuestion: fc.Arbitrary<Question> = fc.record({
  name: anyName,
  type: fc.constantFrom("A", "AAAA", "PTR", "SRV", "TXT", "ANY"),
  unicast: fc.boolean(),
});

export const anyPacket: fc.Arbitrary<DnsPacket> = fc
  .record({
    id: port,
    response: fc.boolean(),
    truncated: fc.boolean(),
    questions: fc.array(anyQuestion, { maxLength: 4 }),
    answers: fc.array(anyRecord, { maxLength: 6 }),
    additionals: fc.array(anyRecord, { maxLength: 6 }),
  })
  .map(makePacket);

/** Compression may give a name the spelling of an equal one before it: names are equal without case. */
export function sameSpelling(packet: object, read: object | null): object {
  const lower = (value: unknown) => JSON.stringify(value).toLowerCase();
  return read !== null && lower(read) === lower(packet) ? read : {};
}

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_SENT_BYTES } from "../../src/constants.ts";
import { decodePacket } from "../../src/dns/decode.ts";
import { checkName, encodePacket, encodeSplit } from "../../src/dns/encode.ts";
import { type DnsRecord, makePacket } from "../../src/dns/records.ts";
import { anyPacket, sameSpelling } from "./arbitrary.ts";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const pointerTo = (target: string): DnsRecord => ({
  name: "_x._udp.local",
  type: "PTR",
  ttl: 4_500,
  flush: false,
  target,
});

describe("encodePacket", () => {
  it("writes a question as RFC 1035 has it", () => {
    const packet = makePacket({ questions: [{ name: "_x._udp.local", type: "PTR", unicast: true }] });
    expect(hex(encodePacket(packet))).toBe(
      ["000000000001000000000000", "025f78045f756470056c6f63616c00", "000c8001"].join(""),
    );
  });

  it("writes each kind of record as its RFC has it, names compressed", () => {
    const common = { ttl: 120, flush: true };
    const answers: DnsRecord[] = [
      { name: "_x._udp.local", type: "PTR", ttl: 4_500, flush: false, target: "a.b\\.c._x._udp.local" },
      { ...common, name: "h.local", type: "A", address: "10.0.0.255" },
      { ...common, name: "h.local", type: "AAAA", address: "fe80::1" },
      { ...common, name: "h.local", type: "SRV", priority: 1, weight: 2, port: 4_433, target: "h.local" },
      { ...common, name: "h.local", type: "TXT", strings: [Uint8Array.of(97, 61, 98), new Uint8Array(0)] },
    ];
    expect(hex(encodePacket(makePacket({ response: true, answers })))).toBe(
      [
        "000084000000000500000000",
        // _x._udp.local PTR a."b.c"._x._udp.local
        "025f78045f756470056c6f63616c00000c0001000011940008016103622e63c00c",
        // h.local A, its .local taken from offset 20
        "0168c014000180010000007800040a0000ff",
        "c02d001c8001000000780010fe800000000000000000000000000001",
        "c02d00218001000000780008000100021151c02d",
        "c02d0010800100000078000503613d6200",
      ].join(""),
    );
  });

  it("is read back the same, whatever it says", () => {
    fc.assert(
      fc.property(anyPacket, (packet) => {
        const read = decodePacket(encodePacket(packet));
        expect(read).toEqual({ ...packet, ...sameSpelling(packet, read) });
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    ["an empty label", "a..local"],
    ["a label of 64 bytes", `${"é".repeat(32)}.local`],
    ["256 bytes", `${Array.from({ length: 4 }, () => "x".repeat(62)).join(".")}.ab`],
  ])("refuses a name with %s", (_what, name) => {
    expect(() => checkName(name)).toThrow(RangeError);
  });

  it("takes the longest label and the longest name", () => {
    expect(() => checkName(`${"x".repeat(63)}.local`)).not.toThrow();
    expect(() => checkName(`${Array.from({ length: 4 }, () => "x".repeat(62)).join(".")}.a`)).not.toThrow();
  });

  it("refuses what is no address", () => {
    const record: DnsRecord = { name: "h.local", type: "A", ttl: 1, flush: true, address: "fe80::1%eth0" };
    expect(() => encodePacket(makePacket({ answers: [record] }))).toThrow(RangeError);
  });
});

describe("encodeSplit", () => {
  const targets = Array.from({ length: 200 }, (_, at) => `instance-with-a-long-name-${at}._x._udp.local`);

  it("sends what fits as one message", () => {
    const packet = makePacket({ response: true, answers: [pointerTo("a._x._udp.local")] });
    expect(encodeSplit(packet)).toEqual([encodePacket(packet)]);
  });

  it("marks a query as truncated while known answers follow, and loses none", () => {
    const questions = [{ name: "_x._udp.local", type: "PTR" as const, unicast: false }];
    const parts = encodeSplit(makePacket({ questions, answers: targets.map(pointerTo) })).map((bytes) => {
      expect(bytes.length).toBeLessThanOrEqual(MAX_SENT_BYTES);
      return decodePacket(bytes);
    });
    expect(parts.length).toBeGreaterThan(2);
    expect(parts.map((part) => part?.truncated)).toEqual(parts.map((_, at) => at < parts.length - 1));
    expect(parts.map((part) => part?.questions.length)).toEqual(parts.map((_, at) => (at === 0 ? 1 : 0)));
    expect(parts.flatMap((part) => part?.answers ?? [])).toEqual(targets.map(pointerTo));
  });

  it("splits many questions, and loses none", () => {
    const questions = targets.map((name) => ({ name, type: "SRV" as const, unicast: false }));
    const parts = encodeSplit(makePacket({ questions })).map(decodePacket);
    expect(parts.length).toBeGreaterThan(1);
    expect(parts.flatMap((part) => part?.questions ?? [])).toEqual(questions);
    expect(parts.every((part) => part?.truncated === false)).toBe(true);
  });

  it("leaves out additional records before it splits answers", () => {
    const answers = [pointerTo("a._x._udp.local")];
    const parts = encodeSplit(makePacket({ response: true, answers, additionals: targets.map(pointerTo) }));
    expect(parts).toHaveLength(1);
    expect(parts[0]?.length).toBeLessThanOrEqual(MAX_SENT_BYTES);
    expect(decodePacket(parts[0] ?? new Uint8Array(0))?.answers).toEqual(answers);
  });

  it("sends a response in several messages, none of them truncated", () => {
    const parts = encodeSplit(makePacket({ response: true, answers: targets.map(pointerTo) })).map(
      decodePacket,
    );
    expect(parts.every((part) => part?.response === true && !part.truncated)).toBe(true);
    expect(parts.flatMap((part) => part?.answers ?? [])).toEqual(targets.map(pointerTo));
  });

  it("sends a record that is too large alone", () => {
    const strings = Array.from({ length: 6 }, () => new Uint8Array(255));
    const large: DnsRecord = { name: "a.local", type: "TXT", ttl: 1, flush: true, strings };
    const parts = encodeSplit(makePacket({ response: true, answers: [pointerTo("b.local"), large] })).map(
      decodePacket,
    );
    expect(parts.map((part) => part?.answers)).toEqual([[pointerTo("b.local")], [large]]);
  });

  it("says together what the message said, whatever that is", () => {
    fc.assert(
      fc.property(anyPacket, (packet) => {
        const parts = encodeSplit({ ...packet, truncated: false }).map(decodePacket);
        const lower = (value: unknown) => JSON.stringify(value).toLowerCase();
        expect(lower(parts.flatMap((part) => part?.answers ?? []))).toBe(lower(packet.answers));
        expect(lower(parts.flatMap((part) => part?.questions ?? []))).toBe(lower(packet.questions));
      }),
      { numRuns: 300 },
    );
  });
});

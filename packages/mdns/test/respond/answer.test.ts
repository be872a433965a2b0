import { describe, expect, it } from "vitest";
import type { DnsRecord, Question } from "../../src/dns/records.ts";
import { ENUMERATION_NAME, makePacket } from "../../src/dns/records.ts";
import { additionalRecords, answerQuestions, legacyAnswer } from "../../src/respond/answer.ts";
import {
  hostLabel,
  makeService,
  type ServiceRecords,
  serviceRecords,
  wholeType,
} from "../../src/respond/service-records.ts";
import type { ServiceOptions } from "../../src/types.ts";
import { TYPE } from "../records.ts";

const options: ServiceOptions = {
  type: TYPE,
  instance: "one",
  port: 4_433,
  txt: { rev: "1" },
  hostname: "h",
};
const addresses = [
  { address: "10.0.0.1", family: "IPv4" as const },
  { address: "fe80::1", family: "IPv6" as const },
];
const records = (more: Partial<ServiceOptions> = {}): ServiceRecords =>
  serviceRecords(makeService({ ...options, ...more }, "default"), addresses);
const ask = (name: string, type: Question["type"]): Question => ({ name, type, unicast: false });
const short = (found: readonly DnsRecord[]) => found.map((record) => `${record.type} ${record.name}`);
const answers = (questions: Question[], known: DnsRecord[] = [], services = [records()]) =>
  answerQuestions(questions, known, services).map(({ record }) => record);

describe("answers", () => {
  it.each<[Question, string[]]>([
    [ask(TYPE, "PTR"), [`PTR ${TYPE}`]],
    [ask(TYPE.toUpperCase(), "PTR"), [`PTR ${TYPE}`]],
    [ask(`one.${TYPE}`, "SRV"), [`SRV one.${TYPE}`]],
    [ask(`one.${TYPE}`, "TXT"), [`TXT one.${TYPE}`]],
    [ask(`one.${TYPE}`, "ANY"), [`SRV one.${TYPE}`, `TXT one.${TYPE}`]],
    [ask("h.local", "A"), ["A h.local"]],
    [ask("h.local", "AAAA"), ["AAAA h.local"]],
    [ask(ENUMERATION_NAME, "PTR"), [`PTR ${ENUMERATION_NAME}`]],
    [ask("_y._udp.local", "PTR"), []],
    [ask(`two.${TYPE}`, "SRV"), []],
    [ask(TYPE, "A"), []],
  ])("to %j", (question, expected) => {
    expect(short(answers([question]))).toEqual(expected);
  });

  it("come once, however often one asks, and for every service", () => {
    const both = [records(), records({ instance: "two" })];
    const found = answers([ask(TYPE, "PTR"), ask(TYPE, "ANY"), ask("h.local", "A")], [], both);
    expect(found.map((record) => ("target" in record ? record.target : record.name))).toEqual([
      `one.${TYPE}`,
      `two.${TYPE}`,
      "h.local",
    ]);
  });

  it("leave out what the asker knows for at least half of its life", () => {
    const { pointer } = records();
    expect(answers([ask(TYPE, "PTR")], [{ ...pointer, ttl: pointer.ttl / 2 }])).toEqual([]);
    expect(answers([ask(TYPE, "PTR")], [{ ...pointer, ttl: pointer.ttl / 2 - 1 }])).toEqual([pointer]);
    expect(answers([ask(TYPE, "PTR")], [{ ...pointer, target: `other.${TYPE}` }])).toEqual([pointer]);
  });

  it("leave out no text because the asker knows an older one", () => {
    const known = records({ txt: { rev: "0" } }).text;
    expect(short(answers([ask(`one.${TYPE}`, "TXT")], [known]))).toEqual([`TXT one.${TYPE}`]);
    expect(answers([ask(`one.${TYPE}`, "TXT")], [records().text])).toEqual([]);
  });

  it("bring what will be asked for next", () => {
    const service = records();
    expect(short(additionalRecords([service.pointer], [service]))).toEqual([
      `SRV one.${TYPE}`,
      `TXT one.${TYPE}`,
      "A h.local",
      "AAAA h.local",
    ]);
    expect(short(additionalRecords([service.service], [service]))).toEqual(["A h.local", "AAAA h.local"]);
    expect(short(additionalRecords([service.hosts[0] ?? service.text], [service]))).toEqual(["AAAA h.local"]);
    expect(additionalRecords([service.text], [service])).toEqual([]);
  });

  it("to a plain DNS program live short, carry no bits of ours, and repeat its question", () => {
    const service = records();
    const query = makePacket({ id: 77, questions: [ask(`one.${TYPE}`, "SRV")] });
    const packet = legacyAnswer(query, [service.service], [...service.hosts]);
    expect(packet).toMatchObject({ id: 77, response: true, questions: query.questions });
    for (const record of [...packet.answers, ...packet.additionals])
      expect(record).toMatchObject({ ttl: 10, flush: false });
  });
});

describe("a service", () => {
  it("is advertised with the addresses of its families only", () => {
    expect(records({ families: ["IPv4"] }).hosts).toMatchObject([{ type: "A", address: "10.0.0.1" }]);
  });

  it.each([
    ["_x._udp", "_x._udp.local"],
    ["_x._tcp.local", "_x._tcp.local"],
    ["_lan-spread._udp.local.", "_lan-spread._udp.local"],
  ])("may name its type %s", (type, whole) => {
    expect(wholeType(type)).toBe(whole);
  });

  it.each<[string, Partial<ServiceOptions>]>([
    ["type", { type: "x._udp.local" }],
    ["protocol", { type: "_x._sctp.local" }],
    ["domain", { type: "_x._udp.example" }],
    ["instance", { instance: "" }],
    ["instance over 63 bytes", { instance: "é".repeat(32) }],
    ["port", { port: 0 }],
    ["port", { port: 65_536 }],
    ["port", { port: 1.5 }],
    ["host name", { hostname: "" }],
    ["text", { txt: { "": "x" } }],
  ])("is refused with an impossible %s", (_what, more) => {
    expect(() => records(more)).toThrow(RangeError);
  });

  it("takes its host name from the machine's, made unique", () => {
    expect(hostLabel("Jörg's PC.example.com", "1a2b")).toBe("J-rg-s-PC-1a2b");
    expect(hostLabel("", "1a2b")).toBe("host-1a2b");
    expect(hostLabel("äöü", "1a2b")).toBe("host-1a2b");
    expect(hostLabel("x".repeat(99), "1a2b")).toHaveLength(63);
  });
});

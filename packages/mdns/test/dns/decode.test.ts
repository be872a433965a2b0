import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_NAME_POINTERS, MAX_RECEIVED_BYTES } from "../../src/constants.ts";
import { decodePacket } from "../../src/dns/decode.ts";
import { encodePacket } from "../../src/dns/encode.ts";
import { anyPacket, sameSpelling } from "./arbitrary.ts";
import { rawMessage, rawName, rawRecord, uint16 } from "./raw.ts";

const PTR = 12;
const pointer = (offset: number) => uint16(0xc000 | offset);

describe("decodePacket", () => {
  it("reads a message of another program, unknown types and classes left out", () => {
    const body = [
      ...rawRecord(rawName("_x", "_udp", "local"), PTR, [3, 111, 110, 101, ...pointer(12)]),
      // The name of this one is written as a pointer to the data of the record before.
      ...rawRecord(pointer(37), 33, [0, 0, 0, 0, ...uint16(4433), ...rawName("host", "local")], 0x8001),
      ...rawRecord(rawName("host", "local"), 47, [1, 2, 3]),
      ...rawRecord(rawName("host", "local"), 1, [10, 0, 0, 1], 3),
      ...rawRecord([0], 41, []),
      ...rawRecord(rawName("host", "local"), 1, [10, 0, 0, 1], 0x8001),
    ];
    expect(decodePacket(rawMessage({ answers: 2, additionals: 4 }, body))).toEqual({
      id: 0,
      response: true,
      truncated: false,
      probe: false,
      questions: [],
      answers: [
        { name: "_x._udp.local", type: "PTR", ttl: 120, flush: false, target: "one._x._udp.local" },
        {
          name: "one._x._udp.local",
          type: "SRV",
          ttl: 120,
          flush: true,
          priority: 0,
          weight: 0,
          port: 4433,
          target: "host.local",
        },
      ],
      additionals: [{ name: "host.local", type: "A", ttl: 120, flush: true, address: "10.0.0.1" }],
    });
  });

  it("knows a probe by its authority section", () => {
    const question = [...rawName("a", "local"), ...uint16(255), ...uint16(0x8001)];
    const body = [...question, ...rawRecord(rawName("a", "local"), 1, [1, 2, 3, 4])];
    const packet = decodePacket(rawMessage({ flags: 0, questions: 1, authorities: 1 }, body));
    expect(packet).toMatchObject({
      probe: true,
      questions: [{ name: "a.local", type: "ANY", unicast: true }],
      answers: [],
    });
  });

  const question = (name: readonly number[]) => [...name, ...uint16(PTR), ...uint16(1)];
  it.each<[string, Uint8Array]>([
    ["nothing", new Uint8Array(0)],
    ["less than a header", new Uint8Array(11)],
    ["more than a message may have", new Uint8Array(MAX_RECEIVED_BYTES + 1)],
    ["an operation code", rawMessage({ flags: 0x0800 }, [])],
    ["a response code", rawMessage({ flags: 0x8403 }, [])],
    ["a name that points to itself", rawMessage({ questions: 1 }, question(pointer(12)))],
    ["a name that points forward", rawMessage({ questions: 1 }, question(pointer(14)))],
    ["a name that points behind the message", rawMessage({ questions: 1 }, question(pointer(0x3fff)))],
    [
      "two names that point to each other",
      rawMessage({ questions: 2 }, [...question(pointer(18)), ...question(pointer(12))]),
    ],
    ["a name that loops through a label", rawMessage({ questions: 1 }, question([1, 97, ...pointer(12)]))],
    ["a label of a reserved kind", rawMessage({ questions: 1 }, question([0x41, 97, 0]))],
    ["a label that goes on behind the message", rawMessage({ questions: 1 }, [63, 97, 97])],
    ["half a pointer", rawMessage({ questions: 1 }, [0xc0])],
    ["a name without an end", rawMessage({ questions: 1 }, [1, 97])],
    [
      "a name over 255 bytes",
      rawMessage({ questions: 1 }, question(rawName(...Array.from({ length: 5 }, () => "x".repeat(60))))),
    ],
    ["a question without a class", rawMessage({ questions: 1 }, [...rawName("a"), 0, 12])],
    ["a record without a lifetime", rawMessage({ answers: 1 }, [...rawName("a"), 0, 1, 0, 1, 0])],
    [
      "data that goes on behind the message",
      rawMessage({ answers: 1 }, rawRecord(rawName("a"), 1, [1, 2, 3, 4]).slice(0, -1)),
    ],
    ["fewer records than promised", rawMessage({ answers: 2 }, rawRecord(rawName("a"), 1, [1, 2, 3, 4]))],
    ["65,535 of everything and nothing of it", rawMessage({ questions: 0xffff, answers: 0xffff }, [])],
  ])("takes no %s", (_what, bytes) => {
    expect(decodePacket(bytes)).toBeNull();
  });

  it.each<[string, number[]]>([
    ["an A of three bytes", rawRecord(rawName("a"), 1, [1, 2, 3])],
    ["an AAAA of four bytes", rawRecord(rawName("a"), 28, [1, 2, 3, 4])],
    ["a PTR of nothing", rawRecord(rawName("a"), PTR, [])],
    ["a PTR to the root", rawRecord(rawName("a"), PTR, [0])],
    ["a PTR with bytes behind its name", rawRecord(rawName("a"), PTR, [...rawName("b"), 0])],
    ["an SRV without a target", rawRecord(rawName("a"), 33, [0, 0, 0, 0, 1, 1])],
    ["a TXT whose string is longer than its data", rawRecord(rawName("a"), 16, [5, 97])],
    ["a name that is no UTF-8", rawRecord([2, 0xff, 0xfe, 0], 1, [1, 2, 3, 4])],
  ])("leaves out %s, and keeps the record behind it", (_what, record) => {
    const behind = rawRecord(rawName("b"), 1, [1, 2, 3, 4]);
    const packet = decodePacket(rawMessage({ answers: 2 }, [...record, ...behind]));
    expect(packet?.answers.map((answer) => answer.name)).toEqual(["b"]);
  });

  it("takes no name whose data runs into the next record", () => {
    // The PTR says it has two bytes; its name has four.
    const record = [...rawName("a"), 0, PTR, 0, 1, 0, 0, 0, 9, 0, 2, ...rawName("bb")];
    const packet = decodePacket(rawMessage({ answers: 1 }, record));
    expect(packet?.answers).toEqual([]);
  });

  it("copies texts, so that a remembered one does not hold its whole message", () => {
    const record = rawRecord(rawName("a"), 16, [3, 97, 61, 98]);
    const packet = decodePacket(rawMessage({ answers: 1 }, record));
    const [text] = packet?.answers ?? [];
    expect(text?.type === "TXT" && text.strings[0]?.buffer.byteLength).toBe(3);
  });

  it("follows so many pointers and no more", () => {
    const chain = (length: number) => {
      // A question of the root, then pointers, each to the one before; the last is the name of a question.
      const body = [...rawName("end"), ...uint16(PTR), ...uint16(1)];
      let target = 12;
      const data: number[] = [];
      const dataAt = 12 + body.length + rawName("a").length + 10;
      for (let at = 0; at < length - 1; at++) {
        data.push(...pointer(target));
        target = dataAt + 2 * at;
      }
      body.push(...rawRecord(rawName("a"), 99, data), ...rawRecord(pointer(target), 1, [1, 2, 3, 4]));
      return decodePacket(rawMessage({ questions: 1, answers: 2 }, body));
    };
    expect(chain(MAX_NAME_POINTERS)?.answers).toMatchObject([{ name: "end", address: "1.2.3.4" }]);
    expect(chain(MAX_NAME_POINTERS + 1)).toBeNull();
  });

  it("neither throws nor keeps more than came, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
        const packet = decodePacket(bytes);
        if (packet === null) return;
        const items = packet.questions.length + packet.answers.length + packet.additionals.length;
        // The smallest question is a pointer, a type and a class.
        expect(items * 5).toBeLessThanOrEqual(bytes.length);
      }),
      { numRuns: 2_000 },
    );
  });

  it("neither throws nor says what cannot be sent on, when a good message is bent", () => {
    const change = fc.record({ at: fc.nat(), value: fc.integer({ min: 0, max: 255 }) });
    fc.assert(
      fc.property(
        anyPacket,
        fc.array(change, { minLength: 1, maxLength: 8 }),
        fc.nat(),
        (packet, changes, cut) => {
          const bytes = encodePacket(packet);
          for (const { at, value } of changes) bytes[at % bytes.length] = value;
          for (const bent of [bytes, bytes.subarray(0, cut % bytes.length)]) {
            const read = decodePacket(bent);
            if (read === null) continue;
            const said = { ...read, probe: false };
            const again = decodePacket(encodePacket(said));
            expect(again).toEqual({ ...said, ...sameSpelling(said, again) });
          }
        },
      ),
      { numRuns: 1_000 },
    );
  });
});

import { expect, it } from "vitest";
import { encodeQuestion, recordsIn } from "../../src/raw/dns-records.ts";

const text = (...labels: string[]): number[] =>
  labels.flatMap((label) => [label.length, ...Buffer.from(label)]);
const HEADER = [0, 0, 0x84, 0, 0, 0, 0, 2, 0, 0, 0, 2];
const CLASS_AND_TTL = [0x80, 1, 0, 0, 0, 120];
/** Where the name of the first record stands, and "local" in it. */
const [NAME, LOCAL] = [12, 12 + 6 + 5];
/** An answer as a peer gives it: names in full, and by reference to what stands before. */
const ANSWER = Buffer.from([
  ...HEADER,
  ...[...text("_game", "_udp", "local"), 0, 0, 12, ...CLASS_AND_TTL, 0, 6, ...text("one"), 0xc0, NAME],
  ...[...text("one"), 0xc0, NAME, 0, 33, ...CLASS_AND_TTL, 0, 13, 0, 0, 0, 0, 0x10, 0x92],
  ...[...text("host"), 0xc0, LOCAL],
  ...[...text("host"), 0xc0, LOCAL, 0, 1, ...CLASS_AND_TTL, 0, 4, 198, 18, 0, 2],
  ...[...text("host"), 0xc0, LOCAL, 0, 28, ...CLASS_AND_TTL, 0, 16, 0xfe, 0x80, ...Array(13).fill(0), 1],
]);

it("reads who is there, and at which addresses, from every section of an answer", () => {
  expect(recordsIn(ANSWER)).toEqual([
    { name: "_game._udp.local", type: "PTR", data: "one._game._udp.local" },
    { name: "one._game._udp.local", type: "SRV", data: "host.local" },
    { name: "host.local", type: "A", data: "198.18.0.2" },
    { name: "host.local", type: "AAAA", data: "fe80:0:0:0:0:0:0:1" },
  ]);
});

it("asks for one name and type, and takes no question for an answer", () => {
  const question = encodeQuestion("host.local", "AAAA");
  expect([...question]).toEqual([
    0,
    0,
    0,
    0,
    0,
    1,
    0,
    0,
    0,
    0,
    0,
    0,
    ...text("host", "local"),
    0,
    0,
    28,
    0,
    1,
  ]);
  expect(recordsIn(question)).toEqual([]);
});

it("ends with a name that leads to itself, and with an answer that is cut off", () => {
  const circle = Buffer.from([...HEADER, 0xc0, 12, 0, 1, ...CLASS_AND_TTL, 0, 4, 1, 2, 3, 4]);
  expect(() => recordsIn(circle)).toThrow("a name leads from 12 to 12");
  for (let length = HEADER.length; length < ANSWER.length; length++) {
    expect(() => recordsIn(ANSWER.subarray(0, length))).toThrow(RangeError);
  }
});

import { createHash, generateKeyPairSync } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  asGameId,
  asPeerId,
  compareVersions,
  type GameVersion,
  gameIdSchema,
  gameVersionSchema,
  hashSchema,
  isGameId,
  peerIdFromSpki,
  peerIdSchema,
} from "../src/index.ts";

const PEER = "0f0e0d0c-0b0a-8908-8706-050403020100";

describe.each<[string, (text: unknown) => boolean, string[], unknown[]]>([
  [
    "a game id",
    (text) => gameIdSchema.safeParse(text).success,
    ["a", "0", "bf1942", "ut2004-goty", "a_b-c", "a".repeat(63)],
    [
      "",
      "a".repeat(64),
      "A",
      "-a",
      "_a",
      "a b",
      "a/b",
      "..",
      ".a",
      "ä",
      "a\n",
      "a\0",
      7,
      null,
      ["a"],
      undefined,
    ],
  ],
  [
    "a peer id",
    (text) => peerIdSchema.safeParse(text).success,
    [PEER, "ffffffff-ffff-8fff-bfff-ffffffffffff"],
    [
      "",
      PEER.toUpperCase(),
      PEER.replace("-8", "-4"),
      PEER.replace("-8706", "-c706"),
      `${PEER}0`,
      `{${PEER}}`,
      ` ${PEER}`,
      1,
    ],
  ],
  [
    "a hash",
    (text) => hashSchema.safeParse(text).success,
    ["0".repeat(64), "0123456789abcdef".repeat(4)],
    ["", "0".repeat(63), "0".repeat(65), "A".repeat(64), "g".repeat(64), `${"0".repeat(64)}\n`, 0],
  ],
  [
    "a version",
    (text) => gameVersionSchema.safeParse(text).success,
    ["0", "1", "20180412", "007", "9".repeat(32)],
    ["", "1.2", "v1", "-1", "1 ", "9".repeat(33), "１", 20180412],
  ],
])("%s", (_, accepts, good, bad) => {
  it("has its form and no other", () => {
    for (const text of good) expect([text, accepts(text)]).toEqual([text, true]);
    for (const text of bad) expect([text, accepts(text)]).toEqual([text, false]);
  });
});

it("says what is wrong where text is no id", () => {
  expect(asGameId("bf1942")).toBe("bf1942");
  expect(asPeerId(PEER)).toBe(PEER);
  expect(() => asGameId("../x")).toThrow('"../x" is not a game id');
  expect(() => asPeerId("me")).toThrow('"me" is not a peer id');
  expect(isGameId("bf1942")).toBe(true);
  expect(isGameId("BF1942")).toBe(false);
});

describe("versions", () => {
  const version = (text: string) => text as GameVersion;

  it("are compared as numbers, however long", () => {
    const digits = fc.stringMatching(/^[0-9]{1,32}$/);
    fc.assert(
      fc.property(digits, digits, (a, b) => {
        const [left, right] = [BigInt(a), BigInt(b)];
        expect(Math.sign(compareVersions(version(a), version(b)))).toBe(
          left < right ? -1 : left > right ? 1 : 0,
        );
      }),
    );
    expect(compareVersions(version("9"), version("10"))).toBeLessThan(0);
    expect(compareVersions(version("007"), version("7"))).toBe(0);
    expect(compareVersions(version("0"), version("000"))).toBe(0);
  });
});

describe("the peer id of a key", () => {
  it("is a UUID of version 8 whose free bits are the head of the key's digest", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (spki) => {
        const id = peerIdFromSpki(spki);
        expect(peerIdSchema.safeParse(id).success).toBe(true);
        const digest = BigInt(`0x${createHash("sha256").update(spki).digest("hex").slice(0, 32)}`);
        const version = 0xfn << 76n;
        const variant = 0x3n << 62n;
        const free = ((1n << 128n) - 1n) & ~version & ~variant;
        const value = BigInt(`0x${id.replaceAll("-", "")}`);
        expect(value & free).toBe(digest & free);
        expect(value & version).toBe(8n << 76n);
        expect(value & variant).toBe(2n << 62n);
      }),
    );
  });

  it("is that of the key and no other", () => {
    const keys = Array.from({ length: 3 }, () =>
      generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey.export({ type: "spki", format: "der" }),
    );
    expect(new Set(keys.map(peerIdFromSpki)).size).toBe(3);
    expect(peerIdFromSpki(Buffer.alloc(0))).toBe("e3b0c442-98fc-8c14-9afb-f4c8996fb924");
  });
});

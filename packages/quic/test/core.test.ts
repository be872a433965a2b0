import { createHmac } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Admission } from "../src/core/admission.ts";
import { ClosedConnections } from "../src/core/closed-connections.ts";
import { datagramBytesTo, type LocalNetwork } from "../src/core/datagram-size.ts";
import { readNativeFailure } from "../src/core/native-errors.ts";
import { parsePacketHeader, versionNegotiation } from "../src/core/packet-header.ts";
import { PeerStreams } from "../src/core/peer-streams.ts";
import { mintRetryToken, openRetryToken } from "../src/core/retry-token.ts";

const bytes = (min: number, max: number) => fc.uint8Array({ minLength: min, maxLength: max });

test("the core knows no module of Node.js, no clock and no timer", () => {
  const folder = fileURLToPath(new URL("../src/core", import.meta.url));
  const files = readdirSync(folder);
  expect(files.length).toBeGreaterThan(10);
  for (const file of files) {
    const source = readFileSync(`${folder}/${file}`, "utf8").replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, "");
    expect(source, file).not.toMatch(
      /from "node:|performance\.|Date\.|\bsetTimeout|\bsetImmediate|\bsetInterval|\bprocess\.|Math\.random/,
    );
  }
});

describe("packet headers", () => {
  test("no bytes make the parser throw or read beyond the end", () => {
    fc.assert(
      fc.property(bytes(0, 80), (datagram) => {
        const header = parsePacketHeader(datagram);
        if (header?.form !== "long") return;
        for (const part of [header.destinationId, header.sourceId, header.token]) {
          expect(part.byteOffset + part.length).toBeLessThanOrEqual(datagram.byteOffset + datagram.length);
        }
      }),
      { numRuns: 5_000 },
    );
  });

  test("an Initial of version 1 gives its ids and its token", () => {
    fc.assert(
      fc.property(
        bytes(0, 20),
        bytes(0, 20),
        bytes(0, 200),
        bytes(0, 20),
        (destination, source, token, rest) => {
          const datagram = Buffer.concat([
            Buffer.of(0xc0, 0, 0, 0, 1, destination.length),
            destination,
            Buffer.of(source.length),
            source,
            Buffer.of(0x40 | (token.length >> 8), token.length & 0xff),
            token,
            rest,
          ]);
          expect(parsePacketHeader(datagram)).toEqual({
            form: "long",
            version: 1,
            initial: true,
            destinationId: Buffer.from(destination),
            sourceId: Buffer.from(source),
            token: Buffer.from(token),
          });
        },
      ),
    );
  });

  test("ids over 20 bytes are for other versions only; those get the versions that are spoken", () => {
    const long = Uint8Array.of(0xc0, 0, 0, 0, 2, 30, ...new Uint8Array(30).fill(7), 2, 8, 9, 0);
    const header = parsePacketHeader(long);
    expect(header).toMatchObject({ form: "long", version: 2, initial: false });
    if (header?.form !== "long") throw new Error("no long header");
    expect(parsePacketHeader(versionNegotiation(header, 0))).toMatchObject({
      version: 0,
      destinationId: Uint8Array.of(8, 9),
      sourceId: new Uint8Array(30).fill(7),
    });
    long[4] = 1;
    expect(parsePacketHeader(long)).toBeNull();
  });
});

describe("Retry tokens", () => {
  const mac = (parts: Uint8Array) => createHmac("sha256", "key").update(parts).digest();
  const from = { host: "10.0.0.1", port: 4_000 };
  const original = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
  const retryId = new Uint8Array(16).fill(9);
  const token = mintRetryToken(mac, from, original, retryId, 1_000_000);

  test("open for the same sender, id and time only", () => {
    expect(openRetryToken(mac, from, token, retryId, 1_000_100)).toEqual(original);
    expect(openRetryToken(mac, { ...from, port: 4_001 }, token, retryId, 1_000_100)).toBeNull();
    expect(openRetryToken(mac, { ...from, host: "10.0.0.2" }, token, retryId, 1_000_100)).toBeNull();
    expect(openRetryToken(mac, from, token, new Uint8Array(16), 1_000_100)).toBeNull();
    expect(openRetryToken(mac, from, token, retryId, 1_060_000)).toBeNull();
    expect(openRetryToken(mac, from, token, retryId, 999_999)).toBeNull();
    const otherKey = (parts: Uint8Array) => createHmac("sha256", "other").update(parts).digest();
    expect(openRetryToken(otherKey, from, token, retryId, 1_000_100)).toBeNull();
  });

  test("no changed byte goes unnoticed", () => {
    fc.assert(
      fc.property(fc.nat(token.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const changed = token.slice();
        changed[at] = (changed[at] ?? 0) ^ change;
        expect(openRetryToken(mac, from, changed, retryId, 1_000_100)).toBeNull();
      }),
    );
    fc.assert(
      fc.property(bytes(0, 64), (noise) => openRetryToken(mac, from, noise, retryId, 1_000_100) === null),
    );
  });
});

test("every stream of the other side is new once, in whatever order the streams appear", () => {
  fc.assert(
    fc.property(fc.constantFrom(0 as const, 1 as const), fc.array(fc.nat(300)), (first, sequence) => {
      const streams = new PeerStreams(first);
      const seen = new Set<number>();
      for (const n of sequence) {
        const id = 4 * n + first;
        expect(streams.isNew(id)).toBe(!seen.has(id));
        seen.add(id);
        expect(streams.isNew(4 * n + (1 - first))).toBe(false);
        expect(streams.isNew(4 * n + 2)).toBe(false);
      }
    }),
  );
});

describe("admission", () => {
  const limits = { maxConnectionsPerAddress: 2, maxInboundConnections: 3, retry: "never" as const };

  test("counts per address and over all, whatever the order of openings and endings", () => {
    const host = fc.constantFrom("a", "b", "c");
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), host)), (steps) => {
        const admission = new Admission(limits);
        const open: Array<{ host: string; established: boolean }> = [];
        steps.forEach(([opens, name], i) => {
          const ofHost = open.filter((connection) => connection.host === name).length;
          if (opens) {
            const full = ofHost >= 2 || open.length >= 3;
            expect(admission.decide(name, true, i * 1_000)).toBe(full ? "refuse" : "accept");
            if (full) return;
            admission.opened(name);
            open.push({ host: name, established: i % 2 === 0 });
            if (i % 2 === 0) admission.established();
          } else {
            const connection = open.shift();
            if (connection !== undefined) admission.closed(connection.host, connection.established);
          }
          expect(admission.halfOpen).toBe(open.filter(({ established }) => !established).length);
        });
      }),
    );
  });

  test("under load a newcomer proves its address first, and a flood makes no more than a budget of connections", () => {
    const admission = new Admission({
      maxConnectionsPerAddress: 1_000,
      maxInboundConnections: 10_000,
      retry: "under-load",
    });
    for (let i = 0; i < 32; i++) {
      expect(admission.decide(`h${i}`, false, 0)).toBe("accept");
      admission.opened(`h${i}`);
    }
    expect(admission.decide("next", false, 0)).toBe("retry");
    expect(admission.decide("next", true, 0)).toBe("accept");
    const verdicts = Array.from({ length: 10_000 }, (_, i) => admission.decide("flood", true, i / 10));
    // One second of it: the budget of a second twice, once saved up.
    expect(verdicts.filter((verdict) => verdict === "accept").length).toBeLessThanOrEqual(2 * 256);
    expect(new Set(verdicts)).toEqual(new Set(["accept", "drop"]));
  });

  test("with Retry always, nobody unproven is told anything else", () => {
    const admission = new Admission({ ...limits, retry: "always" });
    expect(admission.decide("a", false, 0)).toBe("retry");
    expect(admission.decide("a", true, 0)).toBe("accept");
  });
});

test("last words are repeated a few times, for a while, and for a bounded number of connections", () => {
  const closed = new ClosedConnections();
  const to = { host: "10.0.0.1", port: 1 };
  closed.remember(["x", "y"], Uint8Array.of(1), to, 0);
  expect(closed.repeat("z", 1)).toBeNull();
  for (let i = 0; i < 8; i++) expect(closed.repeat(i % 2 === 0 ? "x" : "y", 1)?.to).toBe(to);
  expect(closed.repeat("x", 1)).toBeNull();
  closed.remember(["late"], Uint8Array.of(1), to, 0);
  expect(closed.repeat("late", 5_000)).toBeNull();
  for (let i = 0; i < 1_000; i++) closed.remember([`id ${i}`], Uint8Array.of(1), to, 1);
  expect(closed.repeat("id 0", 2)).toBeNull();
  expect(closed.repeat("id 999", 2)).not.toBeNull();
});

describe("datagram sizes", () => {
  const network = (address: string, netmask: string, mtu: number | null): LocalNetwork => ({
    family: address.includes(":") ? "IPv6" : "IPv4",
    address,
    netmask,
    internal: address === "127.0.0.1",
    mtu,
  });
  const networks = [
    network("127.0.0.1", "255.0.0.0", 65_536),
    network("192.168.1.7", "255.255.255.0", 1_500),
    network("10.1.2.3", "255.255.0.0", 9_000),
    network("172.16.0.1", "255.255.255.0", 576),
    network("fe80::1", "ffff:ffff:ffff:ffff::", 1_500),
  ];

  test.each([
    ["127.0.0.9", 16_383],
    ["192.168.1.200", 1_472],
    ["192.168.2.1", 1_452],
    ["10.1.200.1", 8_972],
    ["172.16.0.9", 1_200],
    ["fe80::1234%eth0", 1_452],
    ["2001:db8::1", 1_452],
    ["no address", 1_452],
    ["1.2.3", 1_452],
  ])("to %s: %i bytes", (host, expected) => {
    expect(datagramBytesTo(host, networks)).toBe(expected);
  });

  test("loopback whose MTU is not known takes jumbo frames, others what Ethernet takes", () => {
    expect(datagramBytesTo("127.0.0.1", [network("127.0.0.1", "255.0.0.0", null)])).toBe(8_952);
    expect(datagramBytesTo("10.0.0.1", [network("10.0.0.2", "255.0.0.0", null)])).toBe(1_452);
  });

  test("no text makes it throw or leave the bounds", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.ipV4(), fc.ipV6()), (host) => {
        const size = datagramBytesTo(host, networks);
        expect(size).toBeGreaterThanOrEqual(1_200);
        expect(size).toBeLessThanOrEqual(16_383);
      }),
    );
  });
});

test.each([
  ["StreamReset(7)", "stream-reset", 7],
  [`StreamStopped(${2 ** 40})`, "stream-stopped", 2 ** 40],
  ["InvalidStreamState(4)", "stream-unknown", 0],
  ["StreamLimit", "stream-limit", 0],
  ["FinalSize", "other", 0],
  ["StreamReset(x)", "other", 0],
] as const)("the library's %s is understood", (text, kind, code) => {
  expect(readNativeFailure(new Error(text))).toEqual({ kind, code, text });
});

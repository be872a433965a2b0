import { isIP } from "node:net";
import fc from "fast-check";
import { expect, it } from "vitest";
import { formatListenAddress, parseListenAddress } from "../src/index.ts";

it.each([
  ["192.168.1.7:4000", "192.168.1.7", 4000],
  ["0.0.0.0:1", "0.0.0.0", 1],
  ["[::]:65535", "::", 65_535],
  ["[fe80::1]:4000", "fe80::1", 4000],
  ["[::ffff:192.168.1.7]:4000", "::ffff:192.168.1.7", 4000],
])("%s is an address", (text, host, port) => {
  expect(parseListenAddress(text)).toEqual({ host, port });
  expect(formatListenAddress({ host, port })).toBe(text);
});

it.each([
  "",
  "192.168.1.7",
  "192.168.1.7:",
  "192.168.1.7:0",
  "192.168.1.7:04000",
  "192.168.1.7:65536",
  "192.168.1.7:-1",
  "192.168.1.7:4000 ",
  "192.168.1.7:4000\n",
  "192.168.1.256:4000",
  "192.168.1:4000",
  "localhost:4000",
  "peer.example:4000",
  "fe80::1:4000",
  "[fe80::1%eth0]:4000",
  "[fe80::1]",
  "[192.168.1.7]:4000",
  "[:::]:4000",
  "http://192.168.1.7:4000",
])("%j is none", (text) => {
  expect(parseListenAddress(text)).toBeNull();
});

it("leaves the zone out, which means nothing on another machine", () => {
  expect(formatListenAddress({ host: "fe80::1%eth0", port: 4000 })).toBe("[fe80::1]:4000");
});

it("reads back what it writes, and nothing that is no IP address", () => {
  const port = fc.integer({ min: 1, max: 65_535 });
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), port, (host, number) => {
      const address = { host, port: number };
      expect(parseListenAddress(formatListenAddress(address))).toEqual(address);
    }),
  );
  fc.assert(
    fc.property(fc.stringMatching(/^[[\]0-9a-f:.%]{0,30}$/), (text) => {
      const parsed = parseListenAddress(text);
      if (parsed !== null) expect(isIP(parsed.host)).not.toBe(0);
    }),
    { numRuns: 2000 },
  );
});

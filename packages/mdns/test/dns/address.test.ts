import { isIPv4, isIPv6 } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  formatIpv4,
  formatIpv6,
  isLinkLocalIpv6,
  isOnLink,
  parseIpv4,
  parseIpv6,
} from "../../src/dns/address.ts";

/** The system's own reading of an address. */
const canonical = (address: string) => new URL(`http://[${address}]/`).hostname.slice(1, -1);

describe("addresses", () => {
  it("keep their bytes in text form", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 4, maxLength: 4 }), (bytes) => {
        expect(parseIpv4(formatIpv4(bytes))).toEqual(bytes);
      }),
    );
    const group = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff }));
    fc.assert(
      fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), (groups) => {
        const bytes = Uint8Array.from(groups.flatMap((value) => [value >> 8, value & 0xff]));
        const text = formatIpv6(bytes);
        expect(parseIpv6(text)).toEqual(bytes);
        expect(text).toBe(canonical(text));
      }),
    );
  });

  it.each(["::", "::1", "1::", "fe80::1:2", "1:2:3:4:5:6:7:8", "::ffff:10.0.0.1", "2001:DB8::1"])(
    "reads %s as the system does",
    (text) => {
      const bytes = parseIpv6(text);
      expect(isIPv6(text)).toBe(true);
      expect(bytes === null ? null : formatIpv6(bytes)).toBe(canonical(text));
    },
  );

  it.each([
    "",
    ":",
    ":::",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1::2::3",
    "12345::",
    "g::",
    "fe80::1%eth0",
    "::1.2.3",
  ])("takes %j for no IPv6 address", (text) => {
    expect(parseIpv6(text)).toBeNull();
  });

  it.each(["", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1.2.3.x", "1.2.3.-1", " 1.2.3.4"])(
    "takes %j for no IPv4 address",
    (text) => {
      expect(parseIpv4(text)).toBeNull();
      expect(isIPv4(text)).toBe(false);
    },
  );

  it.each([
    ["fe80::1", true],
    ["FEBF::1", true],
    ["fec0::1", false],
    ["fd00::1", false],
    ["::1", false],
  ])("%s is link-local: %s", (address, expected) => {
    expect(isLinkLocalIpv6(address)).toBe(expected);
  });

  it.each([
    ["10.0.0.7", "10.0.0.1", "255.255.255.0", true],
    ["10.0.1.7", "10.0.0.1", "255.255.255.0", false],
    ["10.0.1.7", "10.0.0.1", "255.255.0.0", true],
    ["127.9.9.9", "127.0.0.1", "255.0.0.0", true],
    ["192.168.0.9", "10.8.0.1", "255.255.255.255", true],
    ["8.8.8.8", "10.0.0.1", "255.255.255.0", false],
    ["::1", "10.0.0.1", "255.255.255.0", false],
  ])("%s is a neighbour of %s/%s: %s", (source, address, netmask, expected) => {
    expect(isOnLink(source, address, netmask)).toBe(expected);
  });
});

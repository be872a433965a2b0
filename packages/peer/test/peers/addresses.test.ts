import { describe, expect, it } from "vitest";
import { canReach, isOwnListener, isWildcard, listenerOf, worthDialling } from "../../src/peers/addresses.ts";

describe("listenerOf", () => {
  it.each([
    ["192.168.1.7:4000", "192.168.1.7", "192.168.1.7:4000"],
    ["192.168.1.7:4000", "10.0.0.7", "192.168.1.7:4000"],
    ["0.0.0.0:4000", "192.168.1.7", "192.168.1.7:4000"],
    ["[::]:4000", "fe80::1%eth0", "[fe80::1]:4000"],
    ["[::]:4000", "::ffff:192.168.1.7", "192.168.1.7:4000"],
    ["[0:0:0:0:0:0:0:0]:4000", "192.168.1.7", "192.168.1.7:4000"],
  ])("takes %s said from %s as %s", (said, remote, listener) => {
    expect(listenerOf(said, remote)).toBe(listener);
  });
});

describe("isWildcard", () => {
  it.each(["0.0.0.0", "::", "0:0:0:0:0:0:0:0"])("knows %s", (host) => {
    expect(isWildcard(host)).toBe(true);
  });
  it.each(["127.0.0.1", "::1", "10.0.0.0", "fe80::"])("knows that %s is none", (host) => {
    expect(isWildcard(host)).toBe(false);
  });
});

describe("isOwnListener", () => {
  const own = ["127.0.0.1", "192.168.1.7", "fe80::7"];
  it.each([
    // target, listener, own?
    ["192.168.1.7", "0.0.0.0", true],
    ["127.0.0.1", "0.0.0.0", true],
    ["127.8.8.8", "0.0.0.0", true],
    ["0.0.0.0", "0.0.0.0", true],
    ["::ffff:192.168.1.7", "0.0.0.0", true],
    ["192.168.1.8", "0.0.0.0", false],
    ["fe80::7", "::", true],
    ["127.0.0.1", "127.0.0.1", true],
    // Another listener of the same machine and port.
    ["127.0.0.2", "127.0.0.1", false],
    ["192.168.1.7", "127.0.0.1", false],
    ["0.0.0.0", "127.0.0.1", true],
  ])("%s with the listener at %s: %s", (host, listen, expected) => {
    expect(isOwnListener({ host, port: 4000 }, { host: listen, port: 4000 }, own)).toBe(expected);
    expect(isOwnListener({ host, port: 4001 }, { host: listen, port: 4000 }, own)).toBe(false);
  });
});

describe("canReach", () => {
  it("keeps to the family of the own socket", () => {
    expect(canReach("0.0.0.0", "192.168.1.7")).toBe(true);
    expect(canReach("0.0.0.0", "fe80::1%eth0")).toBe(false);
    expect(canReach("::", "fe80::1%eth0")).toBe(true);
    expect(canReach("::", "192.168.1.7")).toBe(false);
  });
});

describe("worthDialling", () => {
  const hosts = (announced: readonly string[]) =>
    worthDialling(announced.map((host) => ({ host, port: 4000 }))).map(({ host }) => host);

  it("leaves out what is no machine's address", () => {
    expect(
      hosts([
        ...["0.0.0.0", "0.1.2.3", "224.0.0.251", "239.255.255.255", "240.0.0.1", "255.255.255.255"],
        ...["::", "ff02::fb%eth0", "FF05::1", "::ffff:224.0.0.251", "::ffff:0.0.0.0"],
      ]),
    ).toEqual([]);
  });

  it("keeps every address that can be a machine's", () => {
    const good = [
      "1.2.3.4",
      "127.0.0.1",
      "192.168.1.7",
      "223.255.255.254",
      "fe80::1%eth0",
      "::1",
      "2001:db8::ff",
    ];
    expect(hosts(good)).toEqual(good);
  });

  it("begins with what the machine itself announces", () => {
    const [a, b, c] = [
      { host: "10.0.0.1", port: 1, vouched: false },
      { host: "10.0.0.2", port: 1, vouched: true },
      { host: "10.0.0.3", port: 1 },
    ] as const;
    expect(worthDialling([a, b, c])).toEqual([b, a, c]);
  });
});

import { describe, expect, it } from "vitest";
import { type SystemAddress, selectInterfaces } from "../../src/net/select-interfaces.ts";

const ipv4 = (address: string, netmask = "255.255.255.0"): SystemAddress => ({
  address,
  netmask,
  family: "IPv4",
  internal: address.startsWith("127."),
});
const ipv6 = (address: string, scopeid = 0): SystemAddress => ({
  address,
  netmask: "ffff:ffff:ffff:ffff::",
  family: "IPv6",
  internal: address === "::1",
  scopeid,
});
const lo = [ipv4("127.0.0.1", "255.0.0.0"), ipv6("::1")];
const select = (system: Record<string, SystemAddress[]>, explicit?: string[], platform = "linux") =>
  selectInterfaces(system, explicit, platform);
const names = (entries: readonly { readonly name: string }[]) => entries.map(({ name }) => name);

describe("without names, an interface", () => {
  it.each([
    "docker0",
    "br-4f3c2a1b",
    "veth12ab34",
    "vEthernet (Default Switch)",
    "vEthernet (WSL)",
    "VMware Network Adapter VMnet8",
    "vmnet1",
    "VirtualBox Host-Only Network",
    "VirtualBox Host-Only Ethernet Adapter #2",
    "vboxnet0",
    "WSL",
    "utun3",
    "tun0",
    "tap1",
    "tun-home",
    "OpenVPN TAP-Windows6",
    "OpenVPN Wintun",
  ])("called %s is left out, with the reason", (name) => {
    const { usable, leftOut } = select({ [name]: [ipv4("172.17.0.1")] });
    expect(usable).toEqual([]);
    expect(leftOut).toEqual([
      {
        name,
        address: "172.17.0.1",
        state: "ignored",
        reason: expect.stringMatching(/^looks like .+, used only when it is named$/),
      },
    ]);
  });

  it.each([
    "eth0",
    "enp3s0",
    "wlan0",
    "wlp2s0",
    "en0",
    "br0",
    "bond0",
    "Ethernet",
    "Ethernet 2",
    "Wi-Fi",
    "WLAN",
    "Local Area Connection",
    "tundra",
    "tapestry",
  ])("called %s is used", (name) => {
    expect(names(select({ lo, [name]: [ipv4("192.168.1.5")] }).usable)).toEqual([name]);
  });

  it("is left out where it is the loopback or has no IPv4 address", () => {
    const { usable, leftOut } = select({ lo, eth0: [ipv6("fe80::1", 2)] });
    expect(usable).toEqual([]);
    expect(leftOut).toMatchObject([
      { name: "lo", address: "127.0.0.1", reason: "loopback, used only when it is named" },
      { name: "eth0", address: "fe80::1", reason: "has no IPv4 address" },
    ]);
  });

  it("comes with all its addresses and no other's", () => {
    const { usable } = select({
      eth0: [ipv4("192.168.1.5"), ipv4("192.168.1.6"), ipv6("fe80::5", 2), ipv6("2001:db8::5")],
      eth1: [ipv4("10.0.0.5")],
    });
    expect(usable).toEqual([
      {
        name: "eth0",
        address: "192.168.1.5",
        netmask: "255.255.255.0",
        scope: "eth0",
        addresses: [
          { address: "192.168.1.5", family: "IPv4" },
          { address: "192.168.1.6", family: "IPv4" },
          { address: "fe80::5", family: "IPv6" },
          { address: "2001:db8::5", family: "IPv6" },
        ],
      },
      {
        name: "eth1",
        address: "10.0.0.5",
        netmask: "255.255.255.0",
        scope: "eth1",
        addresses: [{ address: "10.0.0.5", family: "IPv4" }],
      },
    ]);
  });

  it("has a number as its scope on Windows", () => {
    const { usable } = select({ Ethernet: [ipv4("192.168.1.5"), ipv6("fe80::5", 12)] }, undefined, "win32");
    expect(usable).toMatchObject([{ name: "Ethernet", scope: "12" }]);
  });
});

describe("names win", () => {
  const system = {
    lo,
    docker0: [ipv4("172.17.0.1")],
    eth0: [ipv4("192.168.1.5"), ipv6("fe80::5", 2)],
    eth1: [ipv4("10.0.0.5")],
  };

  it("over what an interface is called", () => {
    const { usable, leftOut } = select(system, ["172.17.0.1"]);
    expect(usable).toMatchObject([{ name: "docker0", address: "172.17.0.1" }]);
    expect(leftOut).toMatchObject([
      { name: "lo", state: "ignored", reason: "not among the interfaces that were named" },
      { name: "eth0", state: "ignored" },
      { name: "eth1", state: "ignored" },
    ]);
  });

  it("over the loopback, any of its addresses", () => {
    expect(select(system, ["127.0.0.1"]).usable).toMatchObject([
      { name: "lo", address: "127.0.0.1", netmask: "255.0.0.0", addresses: [{ address: "127.0.0.1" }] },
    ]);
    expect(select(system, ["127.0.0.77"]).usable).toMatchObject([
      { name: "lo", address: "127.0.0.77", netmask: "255.0.0.0", addresses: [{ address: "127.0.0.77" }] },
    ]);
  });

  it("as addresses: the others of the same interface are not shown to anybody", () => {
    expect(select(system, ["192.168.1.5"]).usable).toMatchObject([
      { name: "eth0", addresses: [{ address: "192.168.1.5", family: "IPv4" }] },
    ]);
    expect(select(system, ["192.168.1.5", "fe80::5"]).usable).toMatchObject([
      { name: "eth0", addresses: [{ address: "192.168.1.5" }, { address: "fe80::5" }] },
    ]);
  });

  it("as interface names, with all that interface has", () => {
    expect(select(system, ["eth0", "eth1"]).usable).toMatchObject([
      { name: "eth0", addresses: [{ address: "192.168.1.5" }, { address: "fe80::5" }] },
      { name: "eth1", addresses: [{ address: "10.0.0.5" }] },
    ]);
  });

  it("and are reported where the machine has no such thing, or no IPv4 address with it", () => {
    expect(select(system, ["10.9.9.9"]).leftOut).toContainEqual({
      name: "",
      address: "10.9.9.9",
      state: "missing",
      reason: "no interface of this machine has this address",
    });
    const { usable, leftOut } = select(system, ["fe80::5"]);
    expect(usable).toEqual([]);
    expect(leftOut).toContainEqual({
      name: "eth0",
      address: "192.168.1.5",
      state: "ignored",
      reason: "has no IPv4 address among those that were named",
    });
  });
});

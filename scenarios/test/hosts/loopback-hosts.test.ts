import { expect, it } from "vitest";
import { createLoopbackHosts } from "../../src/hosts/loopback-hosts.ts";

it("gives each host an address of its own that never leaves the machine, also in several scenarios at once", () => {
  const [one, two] = [createLoopbackHosts(), createLoopbackHosts()];
  const hosts = [one.addHost("a"), one.addHost("b"), two.addHost("a")];
  const addresses = hosts.map(({ address }) => address);
  expect(new Set(addresses).size).toBe(hosts.length);
  for (const address of addresses) expect(address).toMatch(/^127\.64\.\d{1,3}\.\d{1,3}$/u);
});

it("has a peer listen at its host's address alone, and at the new one where the host has got one", () => {
  const host = createLoopbackHosts().addHost("a");
  expect(host.peerArgs).toEqual(["--listen", `${host.address}:0`]);
  const before = host.address;
  const after = host.cable.readdress();
  expect(after).not.toBe(before);
  expect(host.addressIn({ subnet: "127.64.0" })).toBe(after);
  expect(host.peerArgs).toEqual(["--listen", `${after}:0`]);
});

it("says that there is nothing to unplug", () => {
  const { cable } = createLoopbackHosts().addHost("a");
  expect(() => cable.setLink("down")).toThrow("there is no LAN on 127.0.0.0/8");
});

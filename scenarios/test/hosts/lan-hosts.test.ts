import { namespacesUnavailable } from "@lanspread/testkit";
import { expect, it } from "vitest";
import type { HostNetwork } from "../../src/hosts/host.ts";
import { createLanHosts } from "../../src/hosts/lan-hosts.ts";

const reason = namespacesUnavailable();

/** The addresses that two hosts of a network get in place of their own. */
function newAddresses(network: HostNetwork): readonly string[] {
  try {
    return ["a", "b"].map((name) => network.addHost(name).cable.readdress());
  } finally {
    network.remove();
  }
}

it.skipIf(reason !== undefined)(
  `gives a host an address that none in its LAN has had, and never runs out of them however many LANs there were before${
    reason === undefined ? "" : ` (skipped: ${reason})`
  }`,
  () => {
    const first = newAddresses(createLanHosts());
    expect(new Set(first).size).toBe(2);
    expect(newAddresses(createLanHosts())).toEqual(first);
  },
);

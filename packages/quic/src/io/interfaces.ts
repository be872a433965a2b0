import { readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { datagramBytesTo, type LocalNetwork } from "../core/datagram-size.ts";
import { INTERFACES_LIFETIME_MS } from "./constants.ts";

/** Answers which datagram size a host can be reached with, from the interfaces as they are now. */
export function createDatagramSizes(): (host: string) => number {
  let networks: readonly LocalNetwork[] = [];
  let readAtMs = Number.NEGATIVE_INFINITY;
  return (host) => {
    const now = performance.now();
    if (now - readAtMs > INTERFACES_LIFETIME_MS) {
      networks = readNetworks();
      readAtMs = now;
    }
    return datagramBytesTo(host, networks);
  };
}

function readNetworks(): LocalNetwork[] {
  const networks: LocalNetwork[] = [];
  for (const [name, addresses] of Object.entries(networkInterfaces())) {
    const mtu = readMtu(name);
    for (const { family, address, netmask, internal } of addresses ?? []) {
      networks.push({ family, address, netmask, internal, mtu });
    }
  }
  return networks;
}

/** Linux tells; elsewhere there is no way without running a program. */
function readMtu(name: string): number | null {
  if (process.platform !== "linux") return null;
  try {
    const mtu = Number.parseInt(readFileSync(`/sys/class/net/${name}/mtu`, "utf8"), 10);
    return Number.isFinite(mtu) ? mtu : null;
  } catch {
    return null;
  }
}

import type { HostNetwork } from "./host.ts";

const LOOPBACK = "127.0.0.1";

/** The fallback without rights for namespaces: every peer is a process on 127.0.0.1; parties keep scenarios apart. */
export function createLoopbackHosts(): HostNetwork {
  const noLan = (): never => {
    throw new Error("there is no LAN on 127.0.0.1: this needs namespaces");
  };
  const lan = { subnet: "127.0.0" };
  return {
    isLan: false,
    lan,
    addLan: noLan,
    addHost: (name, lans = [lan]) => {
      if (lans.some((other) => other !== lan)) noLan();
      return {
        name,
        address: LOOPBACK,
        peerArgs: ["--interface", LOOPBACK, "--listen", `${LOOPBACK}:0`],
        command: (program, ...args) => [program, ...args],
        cable: {
          ...{ setLink: noLan, shape: noLan, sentBytes: noLan },
          ...{ readdress: noLan, claim: noLan, expect: noLan },
        },
        addressIn: () => LOOPBACK,
      };
    },
    processes: () => [],
    remove: () => {},
  };
}

import type { HostNetwork } from "./host.ts";

/** RFC 1122, 3.2.1.3: all of 127.0.0.0/8 is this machine. Hosts get addresses from 127.64.0.1 on, far from those that programs use. */
const FIRST_ADDRESS = ((127 << 24) | (64 << 16) | 1) >>> 0;

let given = 0;

/** One that no host of this process has had. */
function newAddress(): string {
  const number = FIRST_ADDRESS + given++;
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 0xff).join(".");
}

/**
 * The fallback without rights for namespaces: every peer is a process on an address of its own of 127.0.0.0/8. All of them hear each
 * other's multicast; parties keep scenarios apart.
 */
export function createLoopbackHosts(): HostNetwork {
  const noLan = (): never => {
    throw new Error("there is no LAN on 127.0.0.0/8: this needs namespaces");
  };
  const lan = { subnet: "127.64.0" };
  return {
    isLan: false,
    lan,
    addLan: noLan,
    addHost: (name, lans = [lan]) => {
      if (lans.some((other) => other !== lan)) noLan();
      let address = newAddress();
      return {
        name,
        get address() {
          return address;
        },
        get peerArgs() {
          // The network that it listens on is the only one that it uses.
          return ["--listen", `${address}:0`];
        },
        command: (program, ...args) => [program, ...args],
        cable: {
          ...{ setLink: noLan, shape: noLan, sentBytes: noLan, claim: noLan, expect: noLan },
          readdress() {
            address = newAddress();
            return address;
          },
        },
        addressIn: () => address,
      };
    },
    processes: () => [],
    remove: () => {},
  };
}

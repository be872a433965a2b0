import { createVirtualLan, type LanHost, type LanSwitch } from "@lanspread/testkit";
import type { Cable, HostNetwork } from "./host.ts";

/** RFC 2544: addresses for benchmarking, 198.18.0.0/15. Each scenario has switches of its own, so they may be the same everywhere. */
const SUBNETS = "198.18";
/** `readdress` gives numbers from here on: far behind those that hosts get when they are added. */
const FIRST_NEW_NUMBER = 200;

/**
 * Each host is a network namespace with an interface of its own, plugged into a bridge. Needs Linux and root
 * (`namespacesUnavailable` of the testkit says what is missing).
 */
export function createLanHosts(): HostNetwork {
  const network = createVirtualLan();
  let lans = 0;
  let newNumber = FIRST_NEW_NUMBER;
  const addLan = (): LanSwitch => network.addSwitch(`${SUBNETS}.${lans++}`);
  const lan = addLan();
  return {
    isLan: true,
    lan,
    addLan,
    addHost(name, plugged = [lan]) {
      const host = network.addHost(...plugged);
      const [first] = plugged;
      return {
        name,
        get address() {
          return currentAddress(host, first);
        },
        // Nothing is said about networks: a peer has to find out by itself, as on a real machine.
        peerArgs: [],
        command: host.command,
        cable: createCable(host, first, () => `${first.subnet}.${newNumber++}`),
        addressIn: host.addressOn,
      };
    },
    processes: () => network.processes(),
    remove: () => network[Symbol.dispose](),
  };
}

/** Addresses that hosts were given later, by the host. */
const readdressed = new WeakMap<LanHost, string>();

function currentAddress(host: LanHost, lan: LanSwitch): string {
  return readdressed.get(host) ?? host.addressOn(lan);
}

/** @param newAddress one in the LAN that nobody in it has had */
function createCable(host: LanHost, lan: LanSwitch, newAddress: () => string): Cable {
  const device = host.interfaceOn(lan);
  return {
    setLink: (state) => host.setLink(lan, state),
    shape: (rates) => host.shape(lan, rates),
    sentBytes: () => Number(host.run("cat", `/sys/class/net/${device}/statistics/tx_bytes`)),
    claim: (address) => void host.run("ip", "address", "add", `${address}/32`, "dev", device),
    expect: ({ subnet }) => void host.run("ip", "route", "add", `${subnet}.0/24`, "dev", device),
    readdress() {
      const address = newAddress();
      host.run("ip", "address", "flush", "dev", device, "scope", "global");
      host.run("ip", "address", "add", `${address}/24`, "broadcast", `${lan.subnet}.255`, "dev", device);
      readdressed.set(host, address);
      return address;
    },
  };
}

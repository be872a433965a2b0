import { statSync } from "node:fs";
import { join } from "node:path";
import { isRunning, namesIn, rootUnavailable, run, tryRun } from "./system.ts";

/** A wire that hosts are plugged into. */
export interface LanSwitch {
  /** First three numbers of its addresses, such as `10.77.0`. */
  readonly subnet: string;
}

/** A machine of its own as far as the network goes: a network namespace. */
export interface LanHost {
  /** Name of the namespace. */
  readonly name: string;
  /** Its address on the first switch it is plugged into. */
  readonly address: string;
  /** Its address on a switch. */
  addressOn(lan: LanSwitch): string;
  /** Its interface on a switch, for tools such as `tc`. */
  interfaceOn(lan: LanSwitch): string;
  /** The command line that runs a program inside: for `spawn`. The first part is the program. */
  command(program: string, ...args: string[]): readonly [string, ...string[]];
  /** Runs a program inside to its end and returns what it printed. */
  run(program: string, ...args: string[]): string;
  /** Pulls or plugs its cable. */
  setLink(lan: LanSwitch, state: "up" | "down"): void;
  /** Slows its cable down, each way by itself (token bucket); a second call replaces the first. */
  shape(lan: LanSwitch, rates: LinkRates): void;
}

/** What a cable carries, in Mbit/s (10^6 bits); as much as the machine can where left out. */
export interface LinkRates {
  readonly upMbit?: number;
  readonly downMbit?: number;
}

/**
 * Switches and hosts that exist only inside this machine. Nothing reaches the real network: the switches are bridges
 * in a namespace of their own, and no host has a route out.
 */
export interface VirtualLan extends Disposable {
  /** Adds a switch; `subnet` is what its addresses begin with, such as `10.77.0`. */
  addSwitch(subnet: string): LanSwitch;
  /** Adds a host that is plugged into `switches`, at the next free address of each. */
  addHost(...switches: [LanSwitch, ...LanSwitch[]]): LanHost;
  /** Ids of the processes that are on its hosts, whoever started them. */
  processes(): readonly number[];
}

const NETNS_DIRECTORY = "/run/netns";
const PREFIX = "lsp";
/** Host numbers of a switch begin here: .1 looks like a router. */
const FIRST_HOST_NUMBER = 2;
const LAST_HOST_NUMBER = 254;
/** A shaped cable passes this many bytes at once per Mbit/s: 8 ms of its rate, as the kernel's timers ask for. */
const BURST_BYTES_PER_MBIT = 1_000;
/** How long a datagram waits in a shaped cable at most before it is dropped: what a home router keeps. */
const SHAPER_LATENCY = "50ms";

/** Why a virtual LAN cannot be made here, or undefined where it can: for the title of a skipped test. */
export function namespacesUnavailable(): string | undefined {
  const reason = rootUnavailable();
  if (reason !== undefined) return reason;
  probe ??= tryOnce();
  return probe.reason;
}

/** Whether virtual LANs can be made here. */
export function canUseNamespaces(): boolean {
  return namespacesUnavailable() === undefined;
}

let probe: { readonly reason: string | undefined } | undefined;

function tryOnce(): { reason: string | undefined } {
  try {
    using lan = createVirtualLan();
    const wire = lan.addSwitch("10.254.254");
    // `tc` is a package of its own in some distributions, and its qdisc a module of the kernel that may be missing.
    lan.addHost(wire).shape(wire, { upMbit: 100, downMbit: 100 });
    return { reason: undefined };
  } catch (error) {
    return { reason: `no namespaces: ${error instanceof Error ? error.message : String(error)}` };
  }
}

/** Numbers for names: unique in this process; the process's id makes them unique on this machine. */
let nextNumber = 0;
const live = new Set<VirtualLan>();

/**
 * Makes a virtual LAN. Dispose of it when its processes have ended; whatever a crashed process left behind is removed
 * when the next one is made.
 *
 * @throws Error with what `ip` says where the rights are missing ({@link namespacesUnavailable}).
 */
export function createVirtualLan(): VirtualLan {
  removeOrphanNamespaces();
  removeAtExit();
  const namespaces: string[] = [];
  const core = addNamespace(namespaces);
  const bridges = new Map<LanSwitch, { readonly bridge: string; nextHost: number }>();

  const lan: VirtualLan = {
    addSwitch(subnet) {
      const bridge = `br${bridges.size}`;
      run(
        "ip",
        "-n",
        core,
        "link",
        "add",
        bridge,
        "type",
        "bridge",
        "forward_delay",
        "0",
        "mcast_snooping",
        "0",
      );
      run("ip", "-n", core, "link", "set", bridge, "up");
      const added: LanSwitch = { subnet };
      bridges.set(added, { bridge, nextHost: FIRST_HOST_NUMBER });
      return added;
    },
    addHost(...switches) {
      const name = addNamespace(namespaces);
      const plugs = new Map<LanSwitch, Plug>();
      for (const wire of switches) {
        const known = bridges.get(wire);
        if (known === undefined) throw new Error("the switch belongs to another LAN");
        if (known.nextHost > LAST_HOST_NUMBER) throw new Error(`${wire.subnet}.0/24 is full`);
        const device = `eth${plugs.size}`;
        const port = `p${nextNumber++}`;
        const address = `${wire.subnet}.${known.nextHost++}`;
        run("ip", "-n", name, "link", "add", device, "type", "veth", "peer", "name", port, "netns", core);
        run("ip", "-n", core, "link", "set", port, "master", known.bridge, "up");
        run(
          "ip",
          "-n",
          name,
          "address",
          "add",
          `${address}/24`,
          "broadcast",
          `${wire.subnet}.255`,
          "dev",
          device,
        );
        run("ip", "-n", name, "link", "set", device, "up");
        plugs.set(wire, { device, address, port });
      }
      const [first] = switches;
      // Multicast goes out of the first interface unless the program names one.
      run("ip", "-n", name, "route", "add", "224.0.0.0/4", "dev", plugOn(first).device);
      function plugOn(wire: LanSwitch): Plug {
        const plug = plugs.get(wire);
        if (plug === undefined) throw new Error(`${name} is not plugged into ${wire.subnet}.0/24`);
        return plug;
      }
      return {
        name,
        address: plugOn(first).address,
        addressOn: (wire) => plugOn(wire).address,
        interfaceOn: (wire) => plugOn(wire).device,
        command: (program, ...args) => ["ip", "netns", "exec", name, program, ...args],
        run: (program, ...args) => run("ip", "netns", "exec", name, program, ...args),
        setLink: (wire, state) => {
          run("ip", "-n", name, "link", "set", plugOn(wire).device, state);
        },
        shape: (wire, { upMbit, downMbit }) => {
          const { device, port } = plugOn(wire);
          // Each end of the cable shapes what it sends.
          shapeDevice(name, device, upMbit);
          shapeDevice(core, port, downMbit);
        },
      };
    },
    processes() {
      const here = new Set(namespaces.map((name) => identityOf(join(NETNS_DIRECTORY, name))));
      const pids = namesIn("/proc")
        .map(Number)
        .filter((pid) => pid > 0);
      return pids.filter((pid) => {
        const identity = identityOf(`/proc/${pid}/ns/net`);
        return identity !== undefined && here.has(identity);
      });
    },
    [Symbol.dispose]() {
      live.delete(lan);
      for (const name of namespaces.splice(0)) tryRun("ip", "netns", "delete", name);
    },
  };
  live.add(lan);
  return lan;
}

/** What tells one namespace from another; undefined where it is gone, as is that of a process that has just ended. */
function identityOf(path: string): string | undefined {
  try {
    const { dev, ino } = statSync(path);
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}

/** One end of a cable in a host, and the other in the switch. */
interface Plug {
  readonly device: string;
  readonly address: string;
  readonly port: string;
}

function shapeDevice(namespace: string, device: string, mbit: number | undefined): void {
  if (mbit === undefined) {
    tryRun("tc", "-n", namespace, "qdisc", "delete", "dev", device, "root");
    return;
  }
  const burst = String(mbit * BURST_BYTES_PER_MBIT);
  const rate = ["rate", `${mbit}mbit`, "burst", burst, "latency", SHAPER_LATENCY];
  run("tc", "-n", namespace, "qdisc", "replace", "dev", device, "root", "tbf", ...rate);
}

let exitHandled = false;

function removeAtExit(): void {
  if (exitHandled) return;
  exitHandled = true;
  process.once("exit", () => {
    for (const lan of live) lan[Symbol.dispose]();
  });
}

function addNamespace(namespaces: string[]): string {
  const name = `${PREFIX}${process.pid}-${nextNumber++}`;
  run("ip", "netns", "add", name);
  namespaces.push(name);
  run("ip", "-n", name, "link", "set", "lo", "up");
  return name;
}

/** Removes the namespaces of processes that are gone: their veth pairs and bridges go with them. Does nothing without the rights for it. */
export function removeOrphanNamespaces(): void {
  for (const name of namesIn(NETNS_DIRECTORY)) {
    const pid = new RegExp(`^${PREFIX}(\\d+)-\\d+$`).exec(name)?.[1];
    if (pid !== undefined && !isRunning(Number(pid))) tryRun("ip", "netns", "delete", name);
  }
}

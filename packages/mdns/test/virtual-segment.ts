import { createVirtualClock, type VirtualClock } from "@lanspread/testkit";
import { MDNS_PORT } from "../src/constants.ts";
import { decodePacket } from "../src/dns/decode.ts";
import { encodePacket } from "../src/dns/encode.ts";
import { type DnsPacket, makePacket } from "../src/dns/records.ts";
import type { Browser, BrowserEvents, Logger, Mdns, MdnsOptions, SystemInterfaces } from "../src/index.ts";
import { createMdns } from "../src/index.ts";
import type { MulticastSocketOptions, OpenMulticastSocket, Sender } from "../src/net/multicast-socket.ts";

/** What went over the wire. */
export interface Heard {
  readonly at: number;
  readonly from: Sender;
  /** Undefined: to the group. */
  readonly to: Sender | undefined;
  readonly packet: DnsPacket;
}

/**
 * A network segment in memory: what one socket sends to the group, all others that are joined hear in the
 * same moment, itself included, as with real multicast.
 */
export class VirtualSegment {
  readonly clock: VirtualClock = createVirtualClock();
  readonly heard: Heard[] = [];
  readonly #sockets = new Set<MulticastSocketOptions>();
  /** Makes every socket fail that is opened, or that sends, from now on. */
  failure: Error | null = null;

  get sockets(): number {
    return this.#sockets.size;
  }

  readonly open: OpenMulticastSocket = async (options) => {
    if (this.failure !== null) throw this.failure;
    this.#sockets.add(options);
    const from = { address: options.address, port: MDNS_PORT };
    return {
      send: async (bytes, to) => {
        if (!this.#sockets.has(options)) throw new Error("sent after close");
        if (this.failure !== null) throw this.failure;
        this.deliver(bytes, from, to);
      },
      close: async () => {
        if (!this.#sockets.delete(options)) throw new Error("closed twice");
      },
    };
  };

  deliver(bytes: Uint8Array, from: Sender, to?: Sender): void {
    const packet = decodePacket(bytes);
    if (packet !== null) this.heard.push({ at: this.clock.now(), from, to, packet });
    if (to !== undefined) return;
    for (const socket of [...this.#sockets]) socket.onMessage(bytes, from);
  }

  /** A message of another program. */
  say(packet: Partial<DnsPacket>, from: string, port: number = MDNS_PORT): void {
    this.deliver(encodePacket(makePacket(packet)), { address: from, port });
  }

  /** Breaks the sockets: each learns that it is of no use. */
  breakSockets(error: Error): void {
    for (const socket of [...this.#sockets]) socket.onError(error);
  }

  /** A machine with one address on this segment. */
  host(address: string, options: MdnsOptions = {}): Mdns {
    return createMdns({
      clock: this.clock,
      wallClock: () => this.clock.now(),
      random: () => 0.5,
      openSocket: this.open,
      networkInterfaces: () => oneInterface(address),
      platform: "linux",
      ...options,
    });
  }
}

export function oneInterface(address: string, name = "eth0", ...ipv6: readonly string[]): SystemInterfaces {
  return {
    [name]: [
      { address, netmask: "255.255.255.0", family: "IPv4", internal: false },
      ...ipv6.map((entry) => ({
        address: entry,
        netmask: "ffff:ffff:ffff:ffff::",
        family: "IPv6",
        internal: false,
        scopeid: 2,
      })),
    ],
  };
}

/** The events of a browser as lines: `up one`, `down one`. */
export function record(browser: Browser): { readonly lines: string[]; readonly last: Map<string, unknown> } {
  const lines: string[] = [];
  const last = new Map<string, unknown>();
  for (const event of ["up", "changed", "down"] as const satisfies readonly (keyof BrowserEvents)[]) {
    browser.on(event, (instance) => {
      lines.push(`${event} ${instance.instance}`);
      last.set(instance.instance, instance);
    });
  }
  return { lines, last };
}

/** A logger that keeps what it is told. */
export function keepingLogger(): Logger & { readonly lines: string[] } {
  const lines: string[] = [];
  const keep = (level: string) => (message: string) => void lines.push(`${level} ${message}`);
  return { lines, debug: keep("debug"), info: keep("info"), warn: keep("warn"), error: keep("error") };
}

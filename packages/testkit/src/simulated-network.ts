import type { Clock } from "./clock.ts";
import { FIRST_EPHEMERAL_PORT, MAX_DATAGRAM_BYTES } from "./constants.ts";
import { createRandom } from "./random.ts";

/** Where a datagram comes from or goes to. */
export interface DatagramAddress {
  readonly host: string;
  readonly port: number;
}

/** A bound socket for datagrams: what a transport needs of UDP, and no more. */
export interface DatagramSocket {
  readonly address: DatagramAddress;
  /** Sends one datagram. The bytes are copied before it returns; whether they arrive is never known. */
  send(bytes: Uint8Array, host: string, port: number): void;
  /** Sets the only handler of incoming datagrams. The bytes are good until it returns. */
  onMessage(handler: (bytes: Uint8Array, from: DatagramAddress) => void): void;
  /** Stops sending and receiving, and frees the port. */
  close(): Promise<void>;
}

/** How the network treats datagrams. Rates are probabilities from 0 to 1. */
export interface NetworkConditions {
  /** From send to arrival, one way, in milliseconds. Default 1. */
  readonly latencyMs?: number;
  /** Share of the datagrams that get lost. Default 0. */
  readonly lossRate?: number;
  /** Share of the datagrams that are held back for up to three more latencies, so that others pass them. Default 0. */
  readonly reorderRate?: number;
  /** Share of the datagrams that arrive twice. Default 0. */
  readonly duplicateRate?: number;
  /** Largest datagram that gets through, in bytes; bigger ones vanish without a word. Default 65,507. */
  readonly mtu?: number;
}

export interface SimulatedNetworkOptions extends NetworkConditions {
  /** Delivers the datagrams. With a virtual clock nothing moves until the test moves it. */
  readonly clock: Clock;
  /** Same seed, same losses. Default 1. */
  readonly seed?: number;
}

/** What happened to the datagrams so far. */
export interface NetworkCounters {
  sent: number;
  delivered: number;
  lost: number;
  duplicated: number;
  reordered: number;
  /** Over the MTU. */
  tooBig: number;
  /** Nobody was bound to the address when they arrived. */
  unreachable: number;
}

export interface SimulatedNetwork {
  readonly counters: Readonly<NetworkCounters>;
  /**
   * Binds a socket. Port 0 (default) takes a free one.
   *
   * @throws Error with code `EADDRINUSE` where the address is taken.
   */
  bind(host: string, port?: number): DatagramSocket;
  /** Changes how datagrams that are sent from now on are treated. */
  setConditions(conditions: NetworkConditions): void;
  /** Pulls or plugs the cable of a host: nothing goes in or out of it while it is down, not even what is on its way. */
  setLink(host: string, state: "up" | "down"): void;
}

interface BoundSocket {
  receive(bytes: Uint8Array, from: DatagramAddress): void;
}

/** A network without machines: datagrams between sockets of one process, with the conditions a test wants. */
export function createSimulatedNetwork(options: SimulatedNetworkOptions): SimulatedNetwork {
  const { clock } = options;
  const random = createRandom(options.seed ?? 1);
  const sockets = new Map<string, BoundSocket>();
  const down = new Set<string>();
  const counters: NetworkCounters = {
    sent: 0,
    delivered: 0,
    lost: 0,
    duplicated: 0,
    reordered: 0,
    tooBig: 0,
    unreachable: 0,
  };
  let conditions = withDefaults(options);
  let nextPort = FIRST_EPHEMERAL_PORT;

  function transmit(bytes: Uint8Array, from: DatagramAddress, to: DatagramAddress): void {
    counters.sent++;
    if (bytes.length > conditions.mtu) {
      counters.tooBig++;
      return;
    }
    if (down.has(from.host) || random() < conditions.lossRate) {
      counters.lost++;
      return;
    }
    deliverLater(new Uint8Array(bytes), from, to);
    if (random() < conditions.duplicateRate) {
      counters.duplicated++;
      deliverLater(new Uint8Array(bytes), from, to);
    }
  }

  function deliverLater(bytes: Uint8Array, from: DatagramAddress, to: DatagramAddress): void {
    let delay = conditions.latencyMs;
    if (random() < conditions.reorderRate) {
      counters.reordered++;
      delay += Math.max(1, conditions.latencyMs) * (1 + 2 * random());
    }
    clock.setTimeout(() => deliver(bytes, from, to), delay);
  }

  function deliver(bytes: Uint8Array, from: DatagramAddress, to: DatagramAddress): void {
    const target = sockets.get(keyOf(to));
    if (down.has(from.host) || down.has(to.host)) counters.lost++;
    else if (target === undefined) counters.unreachable++;
    else {
      counters.delivered++;
      target.receive(bytes, from);
    }
  }

  function freePort(host: string): number {
    while (sockets.has(keyOf({ host, port: nextPort }))) nextPort++;
    return nextPort++;
  }

  return {
    counters,
    setConditions(next) {
      conditions = withDefaults(next);
    },
    setLink(host, state) {
      if (state === "down") down.add(host);
      else down.delete(host);
    },
    bind(host, port = 0) {
      const address: DatagramAddress = { host, port: port === 0 ? freePort(host) : port };
      const key = keyOf(address);
      if (sockets.has(key)) {
        throw Object.assign(new Error(`bind EADDRINUSE ${key}`), { code: "EADDRINUSE" });
      }
      let handler: ((bytes: Uint8Array, from: DatagramAddress) => void) | undefined;
      let open = true;
      sockets.set(key, { receive: (bytes, from) => handler?.(bytes, from) });
      return {
        address,
        send(bytes, toHost, toPort) {
          if (open) transmit(bytes, address, { host: toHost, port: toPort });
        },
        onMessage(next) {
          handler = next;
        },
        async close() {
          if (!open) return;
          open = false;
          sockets.delete(key);
        },
      };
    },
  };
}

function withDefaults(conditions: NetworkConditions): Required<NetworkConditions> {
  return {
    latencyMs: conditions.latencyMs ?? 1,
    lossRate: conditions.lossRate ?? 0,
    reorderRate: conditions.reorderRate ?? 0,
    duplicateRate: conditions.duplicateRate ?? 0,
    mtu: conditions.mtu ?? MAX_DATAGRAM_BYTES,
  };
}

function keyOf(address: DatagramAddress): string {
  return `${address.host}:${address.port}`;
}

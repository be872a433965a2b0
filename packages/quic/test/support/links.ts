import { createSimulatedNetwork, createVirtualClock, type NetworkConditions } from "@lanspread/testkit";
import {
  type Address,
  createDgramSocket,
  createEndpoint,
  type DatagramSocket,
  type DatagramSocketFactory,
  type Endpoint,
  type EndpointOptions,
} from "../../src/index.ts";
import { openUdpSocket } from "../../src/io/udp-socket.ts";
import { type Trouble, troubled } from "./trouble.ts";

/** What a test says about an endpoint; the link knows the address. */
export type EndpointSetting = Omit<EndpointOptions, "host" | "port" | "socket"> & {
  /** A port of one's own; default a free one. */
  readonly port?: number;
};

/** A way to connect endpoints of one process, real or simulated. Closing it closes the endpoints. */
export interface Link extends AsyncDisposable {
  endpoint(setting: EndpointSetting): Promise<Endpoint>;
  /** One at an address that is chosen by the test. */
  endpointAt(address: Address, setting: EndpointSetting): Promise<Endpoint>;
  /** A bare socket on the link, closed with it. */
  socket(): Promise<DatagramSocket>;
  /** Drops, reorders and cuts off what is sent from now on. */
  readonly trouble: Trouble;
}

/** Every kind of link that the contract holds for. */
export const LINKS: ReadonlyArray<{ readonly name: string; readonly open: () => Link }> = [
  { name: "simulated link", open: () => simulatedLink() },
  { name: "UDP on 127.0.0.1", open: () => udpLink() },
  { name: "UDP on 127.0.0.1 by node:dgram", open: () => udpLink(createDgramSocket) },
];

/**
 * Endpoints on a simulated network. Datagrams travel in virtual time, which runs as fast as there is something to deliver; what is
 * awaited inside the native library (repetitions, idle timeouts) takes real time, since it has no other clock.
 */
export function simulatedLink(conditions: NetworkConditions = {}): Link {
  const clock = createVirtualClock();
  const network = createSimulatedNetwork({ clock, ...conditions });
  let nextHost = 1;
  let running = false;
  const run = () => {
    // All that arrives at one moment arrives together.
    const due = clock.nextDue();
    while (due !== null && clock.nextDue() === due) clock.step();
    running = clock.nextDue() !== null;
    if (running) setImmediate(run);
  };
  const bind = (host: string, port: number): DatagramSocket => {
    const socket = network.bind(host, port);
    return {
      ...socket,
      send(bytes, toHost, toPort) {
        socket.send(bytes, toHost, toPort);
        if (running) return;
        running = true;
        setImmediate(run);
      },
    };
  };
  return link({
    host: () => `10.0.0.${nextHost++}`,
    bind: ({ host, port }) => bind(host, port),
  });
}

/** Endpoints on real UDP sockets. Default: the sockets that the package chooses for this machine. */
export function udpLink(bind: DatagramSocketFactory = chosenSocket): Link {
  return link({ host: () => "127.0.0.1", bind });
}

async function chosenSocket(address: Address): Promise<DatagramSocket> {
  return (await openUdpSocket(address)).socket;
}

interface LinkParts {
  readonly host: () => string;
  readonly bind: DatagramSocketFactory;
}

function link({ host, bind }: LinkParts): Link {
  const closers: Array<() => Promise<void>> = [];
  const trouble: Trouble = { lossRate: 0, reorderRate: 0, maxBytes: Number.POSITIVE_INFINITY, cut: false };
  const socket: DatagramSocketFactory = async (address) => troubled(await bind(address), trouble);
  const endpointAt = async (address: Address, setting: EndpointSetting) => {
    const endpoint = await createEndpoint({ ...setting, ...address, socket });
    closers.push(() => endpoint.close());
    return endpoint;
  };
  return {
    trouble,
    endpointAt,
    endpoint: ({ port = 0, ...setting }) => endpointAt({ host: host(), port }, setting),
    async socket() {
      const socket = await bind({ host: host(), port: 0 });
      closers.push(() => socket.close());
      return socket;
    },
    async [Symbol.asyncDispose]() {
      trouble.cut = false;
      for (const close of closers.splice(0)) await close();
    },
  };
}

import { createSocket } from "node:dgram";
import multicastDns, { type MulticastDNS } from "multicast-dns";
import { IP_TTL, MDNS_GROUP, MDNS_PORT } from "../constants.ts";

/** Sender of a packet. */
export interface Sender {
  readonly address: string;
  readonly port: number;
}

/** One interface's way to its neighbours. */
export interface MulticastSocket {
  /** Sends to the group, or to one address; rejects with the system's error. */
  send(bytes: Uint8Array, to?: Sender): Promise<void>;
  close(): Promise<void>;
}

export interface MulticastSocketOptions {
  /** IPv4 address of the interface. */
  readonly address: string;
  readonly onMessage: (bytes: Uint8Array, from: Sender) => void;
  /** The socket is of no use any more. */
  readonly onError: (error: Error) => void;
}

export type OpenMulticastSocket = (options: MulticastSocketOptions) => Promise<MulticastSocket>;

/**
 * Joins the mDNS group on one interface with the sockets of `multicast-dns`. Bound to 0.0.0.0, since a socket
 * bound to the interface's address receives no multicast on Linux; with address reuse, since every mDNS
 * program of the machine shares the port; with loopback, since they talk to each other. Unicast that arrives
 * at the port goes to only one of them: nothing here may count on it.
 */
export const openMulticastSocket: OpenMulticastSocket = async (options) => {
  const socket = createSocket({ type: "udp4", reuseAddr: true });
  const group = multicastDns({
    socket,
    port: MDNS_PORT,
    ip: MDNS_GROUP,
    interface: options.address,
    bind: "0.0.0.0",
    ttl: IP_TTL,
    loopback: true,
  });
  // The library's decoder reads anything. Here bytes are read once, within limits (dns/decode.ts).
  socket.removeAllListeners("message");
  try {
    await ready(group);
    socket.setTTL(IP_TTL);
  } catch (error) {
    await closed(group);
    throw error;
  }
  group.on("error", options.onError);
  group.on("warning", options.onError);
  socket.on("message", (bytes, from) => options.onMessage(bytes, { address: from.address, port: from.port }));
  return {
    send: (bytes, to) =>
      new Promise((resolve, reject) => {
        socket.send(bytes, to?.port ?? MDNS_PORT, to?.address ?? MDNS_GROUP, (error) => {
          if (error === null) resolve();
          else reject(error);
        });
      }),
    close: () => closed(group),
  };
};

/**
 * Bound and joined. What the library calls a warning here is a group that could not be joined: the interface
 * is of no use then.
 */
function ready(group: MulticastDNS): Promise<void> {
  return new Promise((resolve, reject) => {
    group.on("error", reject);
    group.on("warning", reject);
    group.once("ready", resolve);
  });
}

function closed(group: MulticastDNS): Promise<void> {
  return new Promise((resolve) => {
    try {
      group.destroy(() => resolve());
    } catch {
      // Not running any more: closed is what was wanted.
      resolve();
    }
  });
}

import { createSocket, type Socket } from "node:dgram";
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
 * Joins the mDNS group on one interface. Bound to 0.0.0.0, since a socket bound to the interface's address receives no multicast on
 * Linux; with address reuse, since every mDNS program of the machine shares the port; with loopback, since they talk to each
 * other. Unicast that arrives at the port goes to only one of them: nothing here may count on it.
 */
export const openMulticastSocket: OpenMulticastSocket = async (options) => {
  const socket = createSocket({ type: "udp4", reuseAddr: true });
  try {
    await bind(socket);
    socket.addMembership(MDNS_GROUP, options.address);
    socket.setMulticastInterface(options.address);
    socket.setMulticastTTL(IP_TTL);
    socket.setTTL(IP_TTL);
    socket.setMulticastLoopback(true);
  } catch (error) {
    await closed(socket);
    throw error;
  }
  socket.on("error", options.onError);
  socket.on("message", (bytes, from) => options.onMessage(bytes, { address: from.address, port: from.port }));
  return {
    send: (bytes, to) =>
      new Promise((resolve, reject) => {
        socket.send(bytes, to?.port ?? MDNS_PORT, to?.address ?? MDNS_GROUP, (error) => {
          if (error === null) resolve();
          else reject(error);
        });
      }),
    close: () => closed(socket),
  };
};

function bind(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once("error", reject);
    // Exclusive: a cluster's workers must not share one handle, each has memberships of its own.
    socket.bind({ port: MDNS_PORT, address: "0.0.0.0", exclusive: true }, () => {
      socket.off("error", reject);
      resolve();
    });
  });
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    try {
      socket.close(() => resolve());
    } catch {
      // Not running any more: closed is what was wanted.
      resolve();
    }
  });
}

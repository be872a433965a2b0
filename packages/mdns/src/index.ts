/**
 * DNS service discovery over Multicast DNS (RFC 6762, RFC 6763): advertise services and browse for them on every
 * usable network interface, with sockets of its own beside any other mDNS program of the machine. Records in,
 * records out: what the services are is the caller's business.
 *
 * ```ts
 * await using mdns = createMdns({ logger });
 * const own = mdns.advertise({ type: "_example._udp.local", instance: "one", port: 4433, txt: { rev: "1" } });
 * mdns.browse("_example._udp.local").on("up", ({ instance, addresses, port, txt }) => { ... });
 * own.update({ rev: "2" });
 * ```
 */
export type { MdnsOptions } from "./mdns.ts";
export { createMdns } from "./mdns.ts";
export type {
  MulticastSocket,
  MulticastSocketOptions,
  OpenMulticastSocket,
  Sender,
} from "./net/multicast-socket.ts";
export type { SystemAddress, SystemInterfaces } from "./net/select-interfaces.ts";
export type {
  AddressFamily,
  Advertisement,
  Browser,
  BrowserEvents,
  Clock,
  InterfaceStatus,
  Logger,
  Mdns,
  ServiceAddress,
  ServiceInstance,
  ServiceOptions,
} from "./types.ts";

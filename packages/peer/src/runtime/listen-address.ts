import { isIP } from "node:net";
import { networkInterfaces } from "node:os";
import { type ListenAddress, parseListenAddress } from "@lanspread/proto";
import { PeerError } from "../errors/index.ts";

const WILDCARDS: ReadonlySet<string> = new Set(["0.0.0.0", "::"]);
const LOOPBACK = "127.0.0.1";

/**
 * Reads the address to listen on. Unlike an announced one its port may be 0: any free one.
 *
 * @throws PeerError `bad-request`
 */
export function parseListenOption(text: string): ListenAddress {
  const any = /^(.*):0$/.exec(text)?.[1];
  const host = any?.replace(/^\[(.*)\]$/, "$1");
  if (host !== undefined && isIP(host) !== 0) return { host, port: 0 };
  const address = parseListenAddress(text);
  if (address !== null) return address;
  throw new PeerError("bad-request", `${JSON.stringify(text)} is no address to listen on.`, {
    hint: "Write an IP address and a port, like 0.0.0.0:0.",
  });
}

/**
 * The address to show to people for a listener: a wildcard says nothing that somebody else could connect to, so one of
 * this machine's own addresses stands for it.
 */
export function shownAddress(listener: ListenAddress, interfaces: readonly string[] = []): ListenAddress {
  if (!WILDCARDS.has(listener.host)) return listener;
  const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const named = interfaces.find((address) => isIP(address) !== 0);
  const real = own.find(({ family, internal }) => family === "IPv4" && !internal)?.address;
  return { host: named ?? real ?? LOOPBACK, port: listener.port };
}

/**
 * Checks that at least one of the named networks is there now.
 *
 * @throws PeerError `no-network-interface`, naming those that this machine has
 */
export function requireInterfaces(interfaces: readonly string[]): void {
  const own = Object.entries(networkInterfaces());
  const known = (name: string): boolean =>
    own.some(([link, addresses]) => link === name || addresses?.some(({ address }) => address === name));
  if (interfaces.length === 0 || interfaces.some(known)) return;
  const there = own.flatMap(([link, addresses]) =>
    (addresses ?? []).filter(({ family }) => family === "IPv4").map(({ address }) => `${address} (${link})`),
  );
  throw new PeerError(
    "no-network-interface",
    `This computer has no network with the address ${interfaces.join(" or ")}.`,
    { hint: `Use one of these: ${there.join(", ") || "there is none at the moment"}.` },
  );
}

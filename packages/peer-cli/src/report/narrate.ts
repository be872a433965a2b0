import type { ListedPeer, RuntimeEvent, RuntimeEventOf } from "@lanspread/proto";
import { count, formatBytes, formatDuration, formatRate } from "./format.ts";

const BYTES_PER_MIB = 1_048_576;

/** Tells events to a person who watches a running peer: one line for each that matters, undefined for the rest. */
export type Narrator = (event: RuntimeEvent) => string | undefined;

/** A narrator that knows these peers already: who leaves is called by name, and nothing is told twice in a row. */
export function createNarrator(known: readonly Pick<ListedPeer, "peerId" | "name">[] = []): Narrator {
  const names = new Map<string, string>(known.map(({ peerId, name }) => [peerId, name]));
  let last: string | undefined;
  return (event) => {
    if (event.type === "peer-discovered" || event.type === "peer-updated")
      names.set(event.peerId, event.name);
    const text = describe(event, (peerId) => names.get(peerId) ?? `peer ${peerId}`);
    if (event.type === "peer-lost") names.delete(event.peerId);
    if (text === undefined || text === last) return undefined;
    last = text;
    return text;
  };
}

/** Why nothing comes of a peer that is there. Reasons of the connection begin with the address themselves. */
export function describeIncompatible(event: RuntimeEventOf<"peer-incompatible">): string {
  const own = `${event.addr}: `;
  const reason = event.reason.startsWith(own) ? event.reason.slice(own.length) : event.reason;
  return `${event.addr} is there, but ${reason}`;
}

function describe(event: RuntimeEvent, nameOf: (peerId: string) => string): string | undefined {
  switch (event.type) {
    case "peer-discovered":
      return `${event.name} is here (${event.addr}), ${count(event.gameCount, "game")}`;
    case "peer-lost":
      return `${nameOf(event.peerId)} is gone: ${event.reason}`;
    case "peer-incompatible":
      return describeIncompatible(event);
    case "local-library-changed":
      return `sharing ${count(event.games.filter((game) => game.availability === "ready").length, "game")}`;
    case "download-begin":
      return `${event.gameId}: downloading ${formatBytes(event.totalBytes)}`;
    case "download-finished":
      return (
        `${event.gameId}: downloaded ${formatBytes(event.bytes)} in ${formatDuration(event.elapsedMs / 1000)}, ` +
        formatRate(event.mibPerS * BYTES_PER_MIB)
      );
    case "download-cancelled":
      return `${event.gameId}: cancelled`;
    case "download-peers-gone":
    case "no-peers-have-game":
      return withHint(`${event.gameId}: ${event.message}`, event.hint);
    case "download-failed":
    case "install-failed":
    case "uninstall-failed":
    case "remove-failed":
    case "stream-install-failed":
      return withHint(`${event.gameId}: ${event.message} (${event.code})`, event.hint);
    case "install-finished":
      return `${event.gameId}: installed, ${count(event.files, "file")}`;
    case "stream-install-finished":
      return (
        `${event.gameId}: installed, ${count(event.files, "file")}, ${formatBytes(event.bytes)} in ` +
        `${formatDuration(event.elapsedMs / 1000)}, ${formatRate(event.mibPerS * BYTES_PER_MIB)}`
      );
    case "uninstall-finished":
      return `${event.gameId}: uninstalled`;
    case "remove-finished":
      return (
        `${event.gameId}: removed, ${count(event.files, "file")}, ${formatBytes(event.bytes)}` +
        (event.left > 0 ? `; ${event.left} left for the next start` : "")
      );
    default:
      return undefined;
  }
}

function withHint(text: string, hint: string | undefined): string {
  if (hint === undefined) return text;
  // Messages that are whole sentences have their full stop.
  return text.endsWith(".") ? `${text} ${hint}` : `${text}. ${hint}`;
}

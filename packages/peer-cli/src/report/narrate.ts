import type { RuntimeEvent } from "@lanspread/proto";
import { count, formatBytes, formatDuration, formatRate } from "./format.ts";

const BYTES_PER_MIB = 1_048_576;

/** What a person who watches a running peer wants to know of an event, as one line; undefined for the rest. */
export function narrate(event: RuntimeEvent): string | undefined {
  switch (event.type) {
    case "peer-discovered":
      return `${event.name} is here (${event.addr}), ${count(event.gameCount, "game")}`;
    case "peer-lost":
      return `peer ${event.peerId} is gone: ${event.reason}`;
    case "peer-incompatible":
      return `${event.addr} is there, but ${event.reason}`;
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
      return `${event.gameId}: ${event.message}`;
    case "no-peers-have-game":
      return `${event.gameId}: nobody has it`;
    case "download-failed":
    case "install-failed":
    case "uninstall-failed":
      return `${event.gameId}: ${event.message} (${event.code})`;
    case "install-finished":
      return `${event.gameId}: installed, ${count(event.files, "file")}`;
    case "uninstall-finished":
      return `${event.gameId}: uninstalled`;
    default:
      return undefined;
  }
}

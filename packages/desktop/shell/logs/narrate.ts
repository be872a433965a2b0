import type { LogLevel } from "@lanspread/peer";
import type { RuntimeEvent } from "@lanspread/proto";

/** What the log says of an event. */
export interface Narrated {
  readonly level: LogLevel;
  /** Behind the name of the app: which part of it is told of. */
  readonly source: "games" | "party";
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** What the log says of an event of the peer; null where it says nothing: of how far things are, and of what follows from others. */
export function narrate(event: RuntimeEvent): Narrated | null {
  switch (event.type) {
    case "local-peer-ready":
      return party("info", "this computer can be found", { addr: event.addr, lanes: event.lanes.length });
    case "runtime-failed":
      return party("error", "the peer has failed", { code: event.code, reason: event.message });
    case "peer-discovered":
      return party("info", "somebody came", { name: event.name, addr: event.addr, peerId: event.peerId });
    case "peer-lost":
      return party("info", "somebody left", { peerId: event.peerId, reason: event.reason });
    case "peer-incompatible":
      return party("warn", "somebody cannot join", { addr: event.addr, reason: event.reason });
    case "local-library-changed":
      return event.warnings.length === 0
        ? null
        : games("warn", "there is something about the games folder", { warnings: event.warnings.join(" ") });
    case "download-begin": {
      const { gameId, totalBytes, pieces } = event;
      return games("info", "a download begins", { gameId, totalBytes, pieces });
    }
    case "download-finished": {
      const { gameId, bytes, elapsedMs, mibPerS, retried, sources } = event;
      const from = Object.keys(sources).length;
      const fields = { gameId, bytes, elapsedMs, mibPerS: round(mibPerS), retried, from };
      return games("info", "a download has ended", { ...fields, ...strikes(event.struckOut) });
    }
    case "download-cancelled":
      return games("info", "an operation was cancelled", { gameId: event.gameId });
    case "no-peers-have-game":
    case "download-peers-gone":
      return games("warn", "a download has failed", { gameId: event.gameId, reason: event.message });
    case "download-failed":
      return failure("a download has failed", event);
    case "install-finished": {
      const { gameId, files, bytes, elapsedMs } = event;
      return games("info", "a game is installed", { gameId, files, bytes, elapsedMs });
    }
    case "install-failed":
      return failure("an install has failed", event);
    case "stream-install-finished": {
      const { gameId, files, bytes, elapsedMs, mibPerS } = event;
      const fields = { gameId, files, bytes, elapsedMs, mibPerS: round(mibPerS) };
      return games("info", "a game is installed without its archives", {
        ...fields,
        ...strikes(event.struckOut),
      });
    }
    case "stream-install-failed":
      return failure("an install without archives has failed", event);
    case "uninstall-finished":
      return games("info", "a game is uninstalled", { gameId: event.gameId });
    case "uninstall-failed":
      return failure("an uninstall has failed", event);
    case "remove-finished": {
      const { gameId, files, bytes, left } = event;
      return games(left === 0 ? "info" : "warn", "a game is removed", { gameId, files, bytes, left });
    }
    case "remove-failed":
      return failure("a removal has failed", event);
    default:
      return null;
  }
}

function party(level: LogLevel, message: string, fields: Narrated["fields"]): Narrated {
  return { level, source: "party", message, fields };
}

function games(level: LogLevel, message: string, fields: Narrated["fields"]): Narrated {
  return { level, source: "games", message, fields };
}

interface Failure {
  readonly gameId: string;
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
}

function failure(message: string, { gameId, code, message: reason, hint }: Failure): Narrated {
  // Nothing is wrong: somebody ends the app, and a download goes on at its next start.
  if (code === "shutting-down") return games("info", "an operation ends with the app", { gameId });
  return games("error", message, { gameId, code, reason, ...(hint === undefined ? {} : { hint }) });
}

function strikes(struckOut: readonly { readonly peerId: string; readonly why: string }[] = []) {
  return struckOut.length === 0 ? {} : { struckOut };
}

/** Two decimals say enough of a rate. */
function round(value: number): number {
  return Math.round(value * 100) / 100;
}

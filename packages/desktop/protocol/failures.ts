import type { GameId, RuntimeEvent } from "@lanspread/proto";
import type { Refusal } from "./messages.ts";

/** Why the last operation on a game failed, of those where nothing has been tried since. */
export type Failures = Readonly<Record<GameId, Refusal>>;

/** Ends that are nobody's fault: who asked for them knows. */
const WANTED: ReadonlySet<string> = new Set(["cancelled", "shutting-down"]);

/** What an event says went wrong; null where nothing did. */
export function failureOf(
  event: RuntimeEvent,
): { readonly gameId: GameId | null; readonly why: Refusal } | null {
  switch (event.type) {
    case "download-failed":
    case "install-failed":
    case "uninstall-failed":
    case "stream-install-failed":
    case "remove-failed": {
      const { type: _, gameId, ...why } = event;
      return WANTED.has(why.code) ? null : { gameId, why };
    }
    case "no-peers-have-game": {
      const { type, gameId, ...why } = event;
      return { gameId, why: { code: type, ...why } };
    }
    case "download-peers-gone": {
      const { type: _, gameId, ...why } = event;
      return { gameId, why: { code: "peers-gone", ...why } };
    }
    case "runtime-failed": {
      const { type: _, ...why } = event;
      return { gameId: null, why };
    }
    default:
      return null;
  }
}

/** The failures behind an event; the same object where it says nothing of them. Shell and page both keep them by this. */
export function failuresAfter(failures: Failures, event: RuntimeEvent): Failures {
  if (event.type === "active-operations-changed") {
    const busy = new Set<string>(event.operations.map(({ gameId }) => gameId));
    const kept = Object.entries(failures).filter(([gameId]) => !busy.has(gameId));
    return kept.length === Object.keys(failures).length ? failures : Object.fromEntries(kept);
  }
  const failure = failureOf(event);
  if (failure === null || failure.gameId === null) return failures;
  return { ...failures, [failure.gameId]: failure.why };
}

import type { GameId, RuntimeEvent } from "@lanspread/proto";
import type { OperationProgress } from "./snapshot.ts";

type Progress = Readonly<Record<GameId, OperationProgress>>;

const NOTHING_KNOWN = { bytesPerSecond: null, etaSeconds: null, rates: {}, fetched: {} };

/** What an event says of how far operations are: the same object where it says nothing. Shell and page both keep it by this. */
export function progressAfter(progress: Progress, event: RuntimeEvent): Progress {
  switch (event.type) {
    case "download-begin": {
      const { gameId, totalBytes } = event;
      return { ...progress, [gameId]: { ...NOTHING_KNOWN, phase: "downloading", doneBytes: 0, totalBytes } };
    }
    case "download-progress": {
      const { gameId, doneBytes, totalBytes, bytesPerSecond, etaSeconds, rates = {} } = event;
      const { fetched = {} } = progress[gameId] ?? {};
      const told = { doneBytes, totalBytes, bytesPerSecond, etaSeconds, rates, fetched };
      return { ...progress, [gameId]: { phase: "downloading", ...told } };
    }
    case "download-chunk-finished": {
      const { gameId, peerId, length } = event;
      const before = progress[gameId];
      if (before === undefined) return progress;
      const fetched = { ...before.fetched, [peerId]: (before.fetched[peerId] ?? 0) + length };
      return { ...progress, [gameId]: { ...before, fetched } };
    }
    case "install-progress": {
      const { type: _, gameId, ...told } = event;
      // A streamed install comes from one source at a time, and begins anew with the next.
      const from = Object.keys(told.rates ?? {});
      const fetched = Object.fromEntries(from.map((peerId) => [peerId, told.doneBytes]));
      return { ...progress, [gameId]: { ...NOTHING_KNOWN, ...told, fetched } };
    }
    case "remove-progress": {
      const { gameId, doneBytes, totalBytes } = event;
      return { ...progress, [gameId]: { ...NOTHING_KNOWN, phase: "removing", doneBytes, totalBytes } };
    }
    case "download-finished": {
      // What follows has not begun to tell how far it is.
      const { [event.gameId]: _, ...others } = progress;
      return event.gameId in progress ? others : progress;
    }
    case "active-operations-changed": {
      const busy = new Set<string>(event.operations.map(({ gameId }) => gameId));
      const kept = Object.entries(progress).filter(([gameId]) => busy.has(gameId));
      return kept.length === Object.keys(progress).length ? progress : Object.fromEntries(kept);
    }
    default:
      return progress;
  }
}

import type { GameId, RuntimeEvent } from "@lanspread/proto";
import type { OperationProgress } from "./snapshot.ts";

type Progress = Readonly<Record<GameId, OperationProgress>>;

/** What an event says of how far operations are: the same object where it says nothing. Shell and page both keep it by this. */
export function progressAfter(progress: Progress, event: RuntimeEvent): Progress {
  switch (event.type) {
    case "download-progress": {
      const { gameId, doneBytes, totalBytes, bytesPerSecond, etaSeconds, rates = {} } = event;
      const phase = "downloading";
      return { ...progress, [gameId]: { phase, doneBytes, totalBytes, bytesPerSecond, etaSeconds, rates } };
    }
    case "install-progress": {
      const { gameId, phase, doneBytes, totalBytes } = event;
      const unknown = { bytesPerSecond: null, etaSeconds: null, rates: {} };
      return { ...progress, [gameId]: { phase, doneBytes, totalBytes, ...unknown } };
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

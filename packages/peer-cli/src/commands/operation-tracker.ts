import type { RuntimeEvent } from "@lanspread/proto";
import type { ProgressState } from "../report/progress.ts";
import type { OperationOutcome, OperationVerb } from "../report/results.ts";

export interface OperationTracker {
  /** Feeds one event of the peer; returns the outcome with the event that ends the operation. */
  take(event: RuntimeEvent): OperationOutcome | undefined;
  /** What a progress line shows now; undefined before anything is known. */
  readonly progress: ProgressState | undefined;
}

export interface OperationTrackerOptions {
  readonly gameId: string;
  readonly verb: OperationVerb;
  /** With `get`: the operation ends with the install, not with the download. */
  readonly install: boolean;
}

type Done = Extract<OperationOutcome, { outcome: "done" }>;

/** Follows one operation through the events of a peer. Pure: events in, outcome out. */
export function createOperationTracker(options: OperationTrackerOptions): OperationTracker {
  const { gameId, verb } = options;
  let progress: ProgressState | undefined;
  let done: Done = { gameId, outcome: "done" };
  // Whether the peer still works on the game; undefined until it says so.
  let active: boolean | undefined;

  const take = (event: RuntimeEvent): OperationOutcome | undefined => {
    if (event.type === "runtime-failed") {
      return { gameId, outcome: "failed", error: { code: event.code, message: event.message } };
    }
    if (event.type === "active-operations-changed") {
      active = event.operations.some((operation) => operation.gameId === gameId);
      return undefined;
    }
    if (!("gameId" in event) || event.gameId !== gameId) return undefined;
    switch (event.type) {
      case "download-begin":
        progress = state(gameId, "downloading", 0, event.totalBytes, null, null);
        return undefined;
      case "download-progress":
        progress = state(
          gameId,
          "downloading",
          event.doneBytes,
          event.totalBytes,
          event.bytesPerSecond,
          event.etaSeconds,
        );
        return undefined;
      case "install-progress":
        progress = state(gameId, event.phase, event.doneBytes, event.totalBytes, null, null);
        return undefined;
      case "download-finished":
        if (verb !== "get") return undefined;
        progress = state(gameId, "downloaded", event.bytes, event.bytes, null, null);
        done = {
          ...done,
          bytes: event.bytes,
          pieces: event.pieces,
          elapsedMs: event.elapsedMs,
          mibPerS: event.mibPerS,
          sources: event.sources,
        };
        // What is installed already is not installed again: then this is the end.
        return options.install && active !== false ? undefined : done;
      case "install-finished":
        return verb === "uninstall"
          ? undefined
          : { ...done, installedFiles: event.files, installedBytes: event.bytes };
      case "uninstall-finished":
        return verb === "uninstall" ? done : undefined;
      case "download-cancelled":
        return { gameId, outcome: "cancelled" };
      case "no-peers-have-game":
        return failed(gameId, "no-peers-have-game", `no peer has ${gameId}`);
      case "download-peers-gone":
        return failed(gameId, "peers-gone", event.message);
      case "download-failed":
      case "install-failed":
      case "uninstall-failed":
        if (event.code === "cancelled") return { gameId, outcome: "cancelled" };
        return failed(gameId, event.code, event.message);
      default:
        return undefined;
    }
  };
  return {
    take,
    get progress() {
      return progress;
    },
  };
}

function failed(gameId: string, code: string, message: string): OperationOutcome {
  return { gameId, outcome: "failed", error: { code, message } };
}

function state(
  label: string,
  phase: string,
  doneBytes: number,
  totalBytes: number,
  bytesPerSecond: number | null,
  etaSeconds: number | null,
): ProgressState {
  return { label, phase, doneBytes, totalBytes, bytesPerSecond, etaSeconds };
}

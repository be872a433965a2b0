import type { RuntimeEvent, RuntimeEventOf, TransferTotals } from "@lanspread/proto";
import type { ProgressState } from "../report/progress-lines.ts";
import type { OperationOutcome, OperationVerb } from "../report/results.ts";
import { createSourceMeter, type SourceMeter } from "./source-meter.ts";

export interface OperationTracker {
  /**
   * Feeds one event of the peer; returns the outcome with the event that ends the operation.
   *
   * @param now milliseconds of a monotonic clock
   */
  take(event: RuntimeEvent, now: number): OperationOutcome | undefined;
  /** What a progress line shows now; undefined before anything is known. */
  readonly progress: ProgressState | undefined;
  /** The download has begun: what of it has come stays if the peer stops now. */
  readonly hasBegun: boolean;
}

export interface OperationTrackerOptions {
  readonly gameId: string;
  readonly verb: OperationVerb;
  /** With `get`: the operation ends with the install, not with the download. */
  readonly install: boolean;
  /** How a peer is called. Default: its id. */
  readonly nameOf?: (peerId: string) => string;
}

type Done = Extract<OperationOutcome, { outcome: "done" }>;

/** Follows one operation through the events of a peer. Pure: events in, outcome out. */
export function createOperationTracker(options: OperationTrackerOptions): OperationTracker {
  const { gameId, verb, nameOf = (peerId) => peerId } = options;
  let progress: ProgressState | undefined;
  let meter: SourceMeter | undefined;
  let hasBegun = false;
  let done: Done = { gameId, outcome: "done" };
  // Whether the peer still works on the game; undefined until it says so.
  let active: boolean | undefined;

  const downloading = (event: RuntimeEventOf<"download-progress">, now: number): ProgressState => ({
    label: gameId,
    phase: "downloading",
    doneBytes: event.doneBytes,
    totalBytes: event.totalBytes,
    bytesPerSecond: event.bytesPerSecond,
    etaSeconds: event.etaSeconds,
    sourceCount: event.sources,
    sources: meter?.sources(now, nameOf, event.rates) ?? [],
  });

  const installing = (event: RuntimeEventOf<"install-progress">): ProgressState => {
    const { phase, doneBytes, totalBytes, bytesPerSecond, etaSeconds } = event;
    // What the archives hold is not known before they have been looked at. To save is the end of a download too.
    const shown = without(phase === "flushing" ? "saving" : phase, gameId, doneBytes, totalBytes || null);
    return { ...shown, bytesPerSecond, etaSeconds };
  };

  const take = (event: RuntimeEvent, now: number): OperationOutcome | undefined => {
    if (event.type === "runtime-failed") {
      return failed(gameId, event.code, event);
    }
    if (event.type === "active-operations-changed") {
      active = event.operations.some((operation) => operation.gameId === gameId);
      const first = FIRST_PHASE[verb];
      if (active && first !== undefined) progress ??= without(first, gameId, 0, null);
      return undefined;
    }
    if (!("gameId" in event) || event.gameId !== gameId) return undefined;
    switch (event.type) {
      case "got-game-files":
        progress = without("preparing", gameId, 0, null);
        return undefined;
      case "download-begin":
        hasBegun = true;
        meter = createSourceMeter(now);
        progress = without("downloading", gameId, 0, event.totalBytes);
        return undefined;
      case "download-chunk-finished":
        meter?.came(event.peerId, event.length, now);
        return undefined;
      case "download-progress":
        meter ??= createSourceMeter(now);
        progress = downloading(event, now);
        return undefined;
      case "install-progress":
        progress = installing(event);
        return undefined;
      case "download-finished":
        if (verb !== "get" && verb !== "update") return undefined;
        // What was here already has shown nothing so far, and goes on to be unpacked or to nothing at all.
        if (options.install && event.bytes > 0) progress = without("unpacking", gameId, 0, null);
        done = { ...done, ...totalsOf(event) };
        // What is installed already is not installed again: then this is the end.
        return options.install && active !== false ? undefined : done;
      case "install-finished":
        return verb === "uninstall"
          ? undefined
          : { ...done, installedFiles: event.files, installedBytes: event.bytes, installMs: event.elapsedMs };
      case "stream-install-finished":
        return verb === "get" ? { ...done, ...streamedOf(event) } : undefined;
      case "uninstall-finished":
        return verb === "uninstall" ? done : undefined;
      case "remove-progress":
        progress = without("deleting", gameId, event.doneBytes, event.totalBytes || null);
        return undefined;
      case "remove-finished":
        return verb === "remove"
          ? { ...done, removedFiles: event.files, removedBytes: event.bytes, left: event.left }
          : undefined;
      case "download-cancelled":
        return { gameId, outcome: "cancelled" };
      case "no-peers-have-game":
        return failed(gameId, "no-peers-have-game", event);
      case "download-peers-gone":
        return failed(gameId, "peers-gone", event);
      case "download-failed":
      case "install-failed":
      case "uninstall-failed":
      case "remove-failed":
      case "stream-install-failed":
        if (event.code === "cancelled") return { gameId, outcome: "cancelled" };
        return failed(gameId, event.code, event);
      default:
        return undefined;
    }
  };
  return {
    take,
    get progress() {
      return progress;
    },
    get hasBegun() {
      return hasBegun;
    },
  };
}

/** What is shown before the peer tells anything. */
const FIRST_PHASE: Readonly<Partial<Record<OperationVerb, string>>> = {
  get: "asking the others",
  update: "preparing",
  uninstall: "deleting",
  remove: "deleting",
};

function totalsOf(event: RuntimeEventOf<"download-finished">): TransferTotals {
  const { type: _, gameId: __, ...totals } = event;
  return totals;
}

/** Sources that failed are told by name; what counts as asked for again are pieces, which a stream does not have. */
function streamedOf(event: RuntimeEventOf<"stream-install-finished">): Partial<Done> {
  const { files, bytes, elapsedMs, mibPerS, sources, struckOut } = event;
  return {
    bytes,
    elapsedMs,
    mibPerS,
    sources,
    installedFiles: files,
    installedBytes: bytes,
    ...(struckOut === undefined ? {} : { struckOut }),
  };
}

function failed(
  gameId: string,
  code: string,
  { message, hint }: { readonly message: string; readonly hint?: string },
): OperationOutcome {
  return { gameId, outcome: "failed", error: { code, message, ...(hint === undefined ? {} : { hint }) } };
}

/** A state in which nothing is fetched. */
function without(phase: string, label: string, doneBytes: number, totalBytes: number | null): ProgressState {
  return {
    label,
    phase,
    doneBytes,
    totalBytes,
    bytesPerSecond: null,
    etaSeconds: null,
  };
}

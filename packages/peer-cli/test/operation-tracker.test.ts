import { asGameId, asPeerId, type RuntimeEvent } from "@lanspread/proto";
import { describe, expect, it } from "vitest";
import { createOperationTracker, type OperationTrackerOptions } from "../src/commands/operation-tracker.ts";
import type { OperationOutcome } from "../src/report/results.ts";

const gameId = asGameId("quake3");
const peer = asPeerId("6fa459ea-ee8a-8ca4-894e-db77e160355e");
const finished: RuntimeEvent = {
  type: "download-finished",
  gameId,
  bytes: 300,
  pieces: 3,
  retried: 0,
  elapsedMs: 1500,
  mibPerS: 12.5,
  sources: { [peer]: 300 },
};
const installed: RuntimeEvent = { type: "install-finished", gameId, files: 4, bytes: 900, elapsedMs: 20 };
const figures = {
  bytes: 300,
  pieces: 3,
  retried: 0,
  elapsedMs: 1500,
  mibPerS: 12.5,
  sources: { [peer]: 300 },
};

/** The outcome and the number of events until it, or undefined when there is none. */
function follow(options: Omit<OperationTrackerOptions, "gameId">, events: readonly RuntimeEvent[]) {
  const tracker = createOperationTracker({ gameId, ...options });
  const outcomes = events.map((event) => tracker.take(event, 0));
  const at = outcomes.findIndex((outcome) => outcome !== undefined);
  return at < 0 ? undefined : { outcome: outcomes[at], after: at + 1 };
}

describe("the end of an operation", () => {
  it("of a get without install is the end of the download", () => {
    const end = follow({ verb: "get", install: false }, [finished, installed]);
    expect(end).toEqual({ outcome: { gameId, outcome: "done", ...figures }, after: 1 });
  });

  it("of a get with install is the end of the install, with the figures of both", () => {
    const end = follow({ verb: "get", install: true }, [finished, installed]);
    expect(end).toEqual({
      outcome: { gameId, outcome: "done", ...figures, installedFiles: 4, installedBytes: 900, installMs: 20 },
      after: 2,
    });
  });

  it("of a get with install is the end of the download where nothing is left to install", () => {
    const ended: RuntimeEvent = { type: "active-operations-changed", operations: [] };
    const goesOn: RuntimeEvent = {
      type: "active-operations-changed",
      operations: [{ gameId, kind: "installing" }],
    };
    expect(follow({ verb: "get", install: true }, [goesOn, ended, finished])).toEqual({
      outcome: { gameId, outcome: "done", ...figures },
      after: 3,
    });
    expect(follow({ verb: "get", install: true }, [goesOn, finished])).toBeUndefined();
  });

  it("of a get without the download is that of the streamed install, which names sources that failed", () => {
    const struckOut = [{ peerId: peer, why: "its stream ends" }];
    const streamed: RuntimeEvent = {
      type: "stream-install-finished",
      gameId,
      files: 4,
      bytes: 900,
      retried: 1,
      elapsedMs: 1500,
      mibPerS: 0.5,
      sources: { [peer]: 900 },
      struckOut,
    };
    expect(follow({ verb: "get", install: true }, [streamed])?.outcome).toEqual({
      gameId,
      outcome: "done",
      bytes: 900,
      elapsedMs: 1500,
      mibPerS: 0.5,
      sources: { [peer]: 900 },
      installedFiles: 4,
      installedBytes: 900,
      struckOut,
    });
    const error = { code: "stream-failed", message: "nobody" };
    expect(
      follow({ verb: "get", install: true }, [{ type: "stream-install-failed", gameId, ...error }]),
    ).toEqual({
      outcome: { gameId, outcome: "failed", error },
      after: 1,
    });
  });

  it("of a get with install is a failure when only the download worked", () => {
    const failed: RuntimeEvent = {
      type: "install-failed",
      gameId,
      code: "archive-damaged",
      message: "bad CRC",
    };
    expect(follow({ verb: "get", install: true }, [finished, failed])).toEqual({
      outcome: { gameId, outcome: "failed", error: { code: "archive-damaged", message: "bad CRC" } },
      after: 2,
    });
  });

  it("never comes from another game", () => {
    const other = asGameId("doom");
    const events: RuntimeEvent[] = [
      { ...finished, gameId: other },
      { type: "download-cancelled", gameId: other },
      { type: "install-failed", gameId: other, code: "internal", message: "" },
      { type: "peer-lost", peerId: peer, reason: "goodbye" },
    ];
    expect(follow({ verb: "get", install: false }, events)).toBeUndefined();
  });

  const ends: [OperationTrackerOptions["verb"], RuntimeEvent, OperationOutcome][] = [
    ["get", { type: "download-cancelled", gameId }, { gameId, outcome: "cancelled" }],
    [
      "get",
      { type: "install-failed", gameId, code: "cancelled", message: "" },
      { gameId, outcome: "cancelled" },
    ],
    [
      "get",
      { type: "no-peers-have-game", gameId, message: "not as wanted" },
      { gameId, outcome: "failed", error: { code: "no-peers-have-game", message: "not as wanted" } },
    ],
    [
      "get",
      { type: "download-peers-gone", gameId, message: "all left" },
      { gameId, outcome: "failed", error: { code: "peers-gone", message: "all left" } },
    ],
    [
      "get",
      { type: "download-failed", gameId, code: "disk-full", message: "full", hint: "free 2 GiB" },
      { gameId, outcome: "failed", error: { code: "disk-full", message: "full", hint: "free 2 GiB" } },
    ],
    [
      "install",
      { type: "runtime-failed", code: "internal", message: "listener died" },
      { gameId, outcome: "failed", error: { code: "internal", message: "listener died" } },
    ],
    [
      "install",
      installed,
      { gameId, outcome: "done", installedFiles: 4, installedBytes: 900, installMs: 20 },
    ],
    ["uninstall", { type: "uninstall-finished", gameId }, { gameId, outcome: "done" }],
    [
      "uninstall",
      { type: "uninstall-failed", gameId, code: "no-permission", message: "no" },
      { gameId, outcome: "failed", error: { code: "no-permission", message: "no" } },
    ],
    [
      "remove",
      { type: "remove-finished", gameId, files: 3, bytes: 9, left: 1 },
      { gameId, outcome: "done", removedFiles: 3, removedBytes: 9, left: 1 },
    ],
    [
      "remove",
      { type: "remove-failed", gameId, code: "already-installed", message: "local is there" },
      { gameId, outcome: "failed", error: { code: "already-installed", message: "local is there" } },
    ],
  ];
  it.each(ends)("of %s with %j is %j", (verb, event, outcome) => {
    expect(follow({ verb, install: true }, [event])).toEqual({ outcome, after: 1 });
  });
});

describe("the progress of a removal", () => {
  it("is of the bytes that were deleted", () => {
    const tracker = createOperationTracker({ gameId, verb: "remove", install: false });
    tracker.take({ type: "active-operations-changed", operations: [{ gameId, kind: "removing" }] }, 0);
    expect(tracker.progress).toMatchObject({ phase: "deleting", doneBytes: 0, totalBytes: null });
    const files = { doneFiles: 1, totalFiles: 2 };
    tracker.take({ type: "remove-progress", gameId, ...files, doneBytes: 3, totalBytes: 4 }, 1);
    expect(tracker.progress).toMatchObject({ phase: "deleting", doneBytes: 3, totalBytes: 4 });
  });
});

describe("the progress of an operation", () => {
  const other = asPeerId("6fa459ea-ee8a-8ca4-894e-db77e160355f");
  const names: Readonly<Record<string, string>> = { [peer]: "anna", [other]: "attic" };
  const begin: RuntimeEvent = { type: "download-begin", gameId, totalBytes: 300, pieces: 3 };
  const sample = { doneBytes: 100, totalBytes: 300, bytesPerSecond: 50, etaSeconds: 4 };

  function track() {
    return createOperationTracker({ gameId, verb: "get", install: true, nameOf: (id) => names[id] ?? id });
  }

  function chunk(peerId: typeof peer, length: number): RuntimeEvent {
    return { type: "download-chunk-finished", gameId, peerId, path: "a", offset: 0, length, pieces: 1 };
  }

  it("follows question, download and install", () => {
    const tracker = track();
    const seen = (event: RuntimeEvent): unknown => {
      tracker.take(event, 0);
      return tracker.progress;
    };
    expect(tracker.progress).toBeUndefined();
    const operations = [{ gameId, kind: "downloading" }] as const;
    const step = { type: "install-progress", gameId, bytesPerSecond: null, etaSeconds: null } as const;
    const unknown = { label: "quake3", totalBytes: null, bytesPerSecond: null };
    expect(seen({ type: "active-operations-changed", operations })).toMatchObject({
      ...unknown,
      phase: "asking the others",
    });
    expect(tracker.hasBegun).toBe(false);
    expect(seen(begin)).toMatchObject({
      phase: "downloading",
      doneBytes: 0,
      totalBytes: 300,
      etaSeconds: null,
    });
    expect(tracker.hasBegun).toBe(true);
    expect(seen({ type: "download-progress", gameId, sources: 2, ...sample })).toMatchObject({
      phase: "downloading",
      sourceCount: 2,
      ...sample,
    });
    expect(seen(finished)).toMatchObject({ ...unknown, phase: "unpacking" });
    expect(
      seen({ ...step, phase: "copying", doneBytes: 5, totalBytes: 9, bytesPerSecond: 2, etaSeconds: 2 }),
    ).toMatchObject({
      phase: "copying",
      doneBytes: 5,
      totalBytes: 9,
      bytesPerSecond: 2,
      etaSeconds: 2,
    });
    expect(seen({ ...step, phase: "flushing", doneBytes: 9, totalBytes: 9 })).toMatchObject({
      phase: "saving",
      bytesPerSecond: null,
    });
    expect(seen({ ...step, phase: "checking", doneBytes: 0, totalBytes: 0 })).toMatchObject({
      phase: "checking",
      totalBytes: null,
    });
    expect(tracker.hasBegun).toBe(true);
  });

  it("of an uninstall says that something goes on", () => {
    const tracker = createOperationTracker({ gameId, verb: "uninstall", install: false });
    const operations = [{ gameId, kind: "uninstalling" }] as const;
    tracker.take({ type: "active-operations-changed", operations }, 0);
    expect(tracker.progress).toMatchObject({ phase: "deleting", totalBytes: null });
  });

  it("shows nothing of what was here already", () => {
    const tracker = track();
    tracker.take({ ...finished, bytes: 0, sources: {} }, 0);
    expect(tracker.progress).toBeUndefined();
  });

  it("has the rate that the peer tells of each source, and its part of what is verified", () => {
    const tracker = track();
    tracker.take(begin, 0);
    tracker.take(chunk(other, 75), 900);
    tracker.take(chunk(peer, 25), 950);
    tracker.take(
      { type: "download-progress", gameId, sources: 2, ...sample, rates: { [peer]: 20, [other]: 30 } },
      1000,
    );
    expect(tracker.progress?.sources).toEqual([
      { name: "attic", bytes: 75, bytesPerSecond: 30 },
      { name: "anna", bytes: 25, bytesPerSecond: 20 },
    ]);
  });

  it("has the rate of the verified bytes of the last five seconds where the peer tells none", () => {
    const tracker = track();
    tracker.take(begin, 0);
    tracker.take(chunk(peer, 1000), 1000);
    const at = (now: number) => {
      tracker.take({ type: "download-progress", gameId, sources: 1, ...sample }, now);
      return tracker.progress?.sources;
    };
    expect(at(2000)).toEqual([{ name: "anna", bytes: 1000, bytesPerSecond: 500 }]);
    tracker.take(chunk(peer, 500), 8000);
    tracker.take(chunk(other, 250), 8000);
    expect(at(9000)).toEqual([
      { name: "anna", bytes: 1500, bytesPerSecond: 100 },
      { name: "attic", bytes: 250, bytesPerSecond: 50 },
    ]);
    expect(at(14_000)).toMatchObject([{ bytesPerSecond: 0 }, { bytesPerSecond: 0 }]);
  });
});

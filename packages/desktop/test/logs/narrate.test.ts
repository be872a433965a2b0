import { asGameId, asPeerId, RUNTIME_EVENT_TYPES, type RuntimeEvent } from "@lanspread/proto";
import { describe, expect, it } from "vitest";
import { narrate } from "../../shell/logs/narrate.ts";

const gameId = asGameId("quake");
const peerId = asPeerId("0f8fad5b-d9cb-8469-a165-70867728950e");

/** Those of how far something is, and of what follows from others. */
const SILENT = new Set([
  "active-operations-changed",
  "download-chunk-finished",
  "download-progress",
  "got-game-files",
  "install-progress",
  "list-games",
  "outbound-progress",
  "peer-count-updated",
  "peer-incompatible-gone",
  "peer-updated",
  "progress-missed",
  "remove-progress",
]);

describe("what the log says of events", () => {
  it("is something of every event but those that come all the time, or follow from others", () => {
    const silent = RUNTIME_EVENT_TYPES.filter((type) => {
      const event = {
        type,
        gameId,
        sources: {},
        lanes: [],
        transfers: [],
        warnings: ["one"],
      } as unknown as RuntimeEvent;
      return narrate(event) === null;
    });
    expect(new Set(silent)).toEqual(SILENT);
  });

  it("is an error where an operation failed, with code and reason", () => {
    const failures = RUNTIME_EVENT_TYPES.filter(
      (type) => type.endsWith("-failed") && type !== "runtime-failed",
    );
    expect(failures.length).toBeGreaterThan(3);
    for (const type of failures) {
      const told = narrate({
        type,
        gameId,
        code: "disk-full",
        message: "no room",
      } as unknown as RuntimeEvent);
      expect(told).toMatchObject({
        level: "error",
        source: "games",
        fields: { gameId, code: "disk-full", reason: "no room" },
      });
    }
  });

  it("is no error where an operation only ends with the app", () => {
    const told = narrate({ type: "download-failed", gameId, code: "shutting-down", message: "it stops" });
    expect(told).toEqual({
      level: "info",
      source: "games",
      message: "an operation ends with the app",
      fields: { gameId },
    });
  });

  it("counts sources, rounds rates, and names those that were struck out", () => {
    const struckOut = [{ peerId, why: "wrong bytes" }];
    const sources = { [peerId]: 10 };
    const totals = { bytes: 10, pieces: 1, retried: 1, elapsedMs: 3, mibPerS: 1.23456, sources, struckOut };
    expect(narrate({ type: "download-finished", gameId, ...totals })?.fields).toEqual({
      ...{ gameId, bytes: 10, elapsedMs: 3, mibPerS: 1.23, retried: 1, from: 1, struckOut },
    });
  });

  it("is nothing of a library without warnings, and a warning where a removal left something", () => {
    expect(narrate({ type: "local-library-changed", libraryRev: 1, games: [], warnings: [] })).toBeNull();
    expect(narrate({ type: "remove-finished", gameId, files: 1, bytes: 1, left: 2 })?.level).toBe("warn");
    expect(narrate({ type: "remove-finished", gameId, files: 1, bytes: 1, left: 0 })?.level).toBe("info");
  });
});

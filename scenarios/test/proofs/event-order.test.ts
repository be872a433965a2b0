import { describe, expect, it } from "vitest";
import type { HarnessEvent } from "../../src/harness-process.ts";
import { checkEventOrder } from "../../src/proofs/event-order.ts";

function event(name: string, data: Record<string, unknown> = {}): HarnessEvent {
  return { type: "event", event: name, time: 0, data };
}

const ready = event("local-peer-ready");
const active = (...operations: readonly (readonly [string, string])[]): HarnessEvent =>
  event("active-operations-changed", {
    operations: operations.map(([game_id, kind]) => ({ game_id, kind })),
  });
const library = (...games: readonly Readonly<Record<string, unknown>>[]): HarnessEvent =>
  event("local-library-changed", { games });
const of = (name: string, game_id = "ggoo"): HarnessEvent => event(name, { game_id });
const here = { id: "ggoo", downloaded: true, installed: false };
const installed = { id: "ggoo", downloaded: true, installed: true };

const DOWNLOAD = [
  ready,
  library(),
  active(["ggoo", "downloading"]),
  of("download-begin"),
  of("download-progress"),
  library(here),
  active(),
  of("download-finished"),
];

/** The same with the events at two places in each other's place. */
function swapped(events: readonly HarnessEvent[], a: number, b: number): readonly HarnessEvent[] {
  return events.map((one, at) => events[at === a ? b : at === b ? a : at] ?? one);
}

function check(events: readonly HarnessEvent[], wasKilled = false): readonly string[] {
  return checkEventOrder(events, { wasKilled });
}

describe("the order of events", () => {
  it("of a download is right", () => {
    expect(check(DOWNLOAD)).toEqual([]);
  });

  it("of a download that goes on as an install is right, and of several games at once", () => {
    expect(
      check([
        ready,
        library(),
        active(["ggoo", "downloading"], ["doom", "downloading"]),
        of("download-begin"),
        active(["ggoo", "installing"], ["doom", "downloading"]),
        of("download-finished"),
        of("install-progress"),
        library(installed),
        active(["doom", "downloading"]),
        of("download-begin", "doom"),
        of("install-finished"),
        active(),
        of("download-failed", "doom"),
      ]),
    ).toEqual([]);
  });

  // Each place in turn: no two neighbours that belong to the operation may change places without notice.
  it.each([
    [2, 3, "outside an operation"],
    [4, 6, "outside an operation"],
    [5, 6, "the library changes between the end"],
    [6, 7, "still listed as active"],
    [5, 7, "still listed as active"],
    [0, 1, "not local-peer-ready"],
  ])("is wrong with the events %i and %i in each other's place", (a, b, message) => {
    expect(check(swapped(DOWNLOAD, a, b)).join("\n")).toContain(message);
  });

  it("is wrong where the end event is missing, unless the peer was killed", () => {
    expect(check(DOWNLOAD.slice(0, -1))).toEqual(["ggoo: downloading has no end event"]);
    expect(check(DOWNLOAD.slice(0, -1), true)).toEqual([]);
  });

  it("is wrong where an operation ends twice", () => {
    expect(check([...DOWNLOAD, of("download-finished")])).toEqual(["ggoo: download-finished ends nothing"]);
  });

  it("is wrong where something is told twice in a row", () => {
    const twice = (at: number): readonly string[] => check(DOWNLOAD.toSpliced(at, 0, DOWNLOAD[at] ?? ready));
    expect(twice(2)).toEqual(["active-operations-changed says what it said before"]);
    expect(twice(5)).toEqual(["local-library-changed says what it said before"]);
  });

  it("is wrong where the library does not say what the end event says", () => {
    expect(check(DOWNLOAD.toSpliced(5, 1))).toEqual([
      "ggoo: download-finished, but the library said downloaded: false",
    ]);
  });

  it("is wrong where a removed game is still in the library", () => {
    const removal = [ready, library(here), active(["ggoo", "removing"]), active(), of("remove-finished")];
    expect(check(removal)).toEqual(["ggoo: remove-finished, but the library said downloaded: true"]);
    expect(check(removal.toSpliced(3, 0, library()))).toEqual([]);
  });

  it("is wrong where an operation ends as another one does", () => {
    expect(check(DOWNLOAD.with(-1, of("install-failed")))).toEqual([
      "ggoo: downloading ends with install-failed",
    ]);
  });

  it("is wrong where the first part of an operation never ends", () => {
    expect(
      check([
        ready,
        active(["ggoo", "downloading"]),
        active(["ggoo", "installing"]),
        library(installed),
        active(),
        of("install-finished"),
      ]),
    ).toEqual(["ggoo: downloading never ended"]);
  });

  it("is wrong where the next operation begins before the end event", () => {
    expect(check(DOWNLOAD.toSpliced(7, 0, active(["ggoo", "installing"])))).toContain(
      "ggoo: installing begins before downloading has ended",
    );
  });
});

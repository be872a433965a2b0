import { asGameId, peerIdSchema, type RuntimeEvent } from "@lanspread/proto";
import { describe, expect, it } from "vitest";
import { progressAfter } from "../../protocol/progress.ts";

const gameId = asGameId("quake");
const [ADA, BOB] = ["01", "02"].map((end) =>
  peerIdSchema.parse(`0f3c9a54-0000-8000-8000-0000000000${end}`),
) as [never, never];

function after(...events: RuntimeEvent[]) {
  return events.reduce(progressAfter, {})[gameId];
}

function chunk(peerId: typeof ADA, length: number): RuntimeEvent {
  return { type: "download-chunk-finished", gameId, peerId, path: "a", offset: 0, length, pieces: 1 };
}

const BEGIN: RuntimeEvent = { type: "download-begin", gameId, totalBytes: 10, pieces: 3 };
const SAMPLE: RuntimeEvent = {
  ...{ type: "download-progress", gameId, doneBytes: 5, totalBytes: 10, bytesPerSecond: 2, etaSeconds: 3 },
  ...{ sources: 1, rates: { [ADA]: 2 } },
};
const UNKNOWN = { bytesPerSecond: null, etaSeconds: null, rates: {}, fetched: {} };

describe("how far an operation is", () => {
  it("is known of a download from its first byte, with what came from whom", () => {
    expect(after(chunk(ADA, 1))).toBeUndefined();
    expect(after(BEGIN)).toEqual({ ...UNKNOWN, phase: "downloading", doneBytes: 0, totalBytes: 10 });
    expect(after(BEGIN, chunk(ADA, 2), chunk(BOB, 1), SAMPLE, chunk(ADA, 2))).toEqual({
      ...{ phase: "downloading", doneBytes: 5, totalBytes: 10, bytesPerSecond: 2, etaSeconds: 3 },
      ...{ rates: { [ADA]: 2 }, fetched: { [ADA]: 4, [BOB]: 1 } },
    });
  });

  it("begins anew with the install behind a download", () => {
    const finished: RuntimeEvent = {
      ...{ type: "download-finished", gameId, bytes: 10, pieces: 3, retried: 0, elapsedMs: 1 },
      ...{ mibPerS: 1, sources: {} },
    };
    expect(after(BEGIN, SAMPLE, finished)).toBeUndefined();
    const step = { phase: "unpacking", doneBytes: 1, totalBytes: 4, bytesPerSecond: 7, etaSeconds: 9 };
    expect(after(BEGIN, SAMPLE, finished, { type: "install-progress", gameId, ...step })).toEqual({
      ...UNKNOWN,
      ...step,
    });
  });

  it("of a streamed install is what has come from its source", () => {
    const step = { phase: "streaming", doneBytes: 3, totalBytes: 4, bytesPerSecond: 7, etaSeconds: 9 };
    expect(after({ type: "install-progress", gameId, ...step, rates: { [ADA]: 7 } })).toEqual({
      ...step,
      rates: { [ADA]: 7 },
      fetched: { [ADA]: 3 },
    });
  });

  it("is known of a removal", () => {
    const files = { doneFiles: 1, totalFiles: 2 };
    expect(after({ type: "remove-progress", gameId, ...files, doneBytes: 3, totalBytes: 4 })).toEqual({
      ...UNKNOWN,
      phase: "removing",
      doneBytes: 3,
      totalBytes: 4,
    });
  });
});

import { asPieceIndex, hashSchema } from "@lanspread/proto";
import { describe, expect, it } from "vitest";
import { LaneThread } from "../../src/lanes/lane-thread.ts";
import type { FetchOrder } from "../../src/lanes/messages.ts";
import { LaneError } from "../../src/transfer/index.ts";
import { GAME, MIB, poolOptions } from "./support.ts";

describe("what a lane has been ordered to fetch", () => {
  it.each([
    ["has begun to connect to a source that is silent", true],
    ["has no thread", false],
  ])("counts until it ends, where the lane %s", async (_, starts) => {
    const { host, tls, identify, onStale, logger, peerId } = await poolOptions();
    const thread = new LaneThread({
      ...{ index: 0, start: { host, tls }, identify, onStale, logger },
      onKnock: () => {},
      viewOf: () => null,
      onOutbound: () => {},
      onSent: () => {},
    });
    await thread.hold();
    try {
      if (starts) await thread.start();
      const cancelling = new AbortController();
      const reports = { onBytes: () => {}, onPiece: () => {}, onWrongPiece: () => {} };
      const order: FetchOrder = {
        ...{
          id: 1,
          download: 1,
          root: "/nowhere",
          gameId: GAME,
          manifestHash: hashSchema.parse("0".repeat(64)),
        },
        // The discard port: nobody listens there.
        source: { peerId, host, port: 9 },
        unit: {
          fileIndex: 0,
          path: "a.eti",
          firstPiece: asPieceIndex(0),
          pieceCount: 1,
          offset: 0,
          length: MIB,
        },
        ...{ identity: null, pieceBytes: MIB, digests: null, noProgressMs: 30_000 },
      };
      const fetched = thread.fetch(order, reports, cancelling.signal).catch((error: unknown) => error);
      expect(thread.orderedBytes).toBe(starts ? MIB : 0);
      const why = new Error("nobody wants it any more");
      if (starts) cancelling.abort(why);
      const error = await fetched;
      if (starts) expect(error).toBe(why);
      else expect(error).toBeInstanceOf(LaneError);
      expect(thread.orderedBytes).toBe(0);
    } finally {
      await thread.stop();
    }
  });
});

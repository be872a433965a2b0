import { RESET, WireError } from "@lanspread/proto";
import { ConnectionClosedError, HandshakeError } from "@lanspread/quic";
import { describe, expect, it } from "vitest";
import { fromNodeError, PeerError } from "../../src/errors/index.ts";
import { failureToError, tellFailure } from "../../src/lanes/unit-failure.ts";
import { LaneError, SinkError, SourceError } from "../../src/transfer/index.ts";

/** As it comes out at the other thread. */
const across = (error: unknown): Error => failureToError(structuredClone(tellFailure(error)));

const full = fromNodeError(
  Object.assign(new Error("write ENOSPC"), { code: "ENOSPC" }),
  "/games/quake/a.eti",
);

describe("a failure that crosses threads", () => {
  it.each<[string, Error]>([
    ["what a source answered", new SourceError("operation_active", "quake is being worked on", true)],
    ["a wrong amount", new SourceError(null, "the answer for a ends too early", false)],
    ["what breaks the rules of the wire", new WireError("bad_request", "no JSON", RESET.malformed)],
    ["nothing that moves", new PeerError("timeout", "fetching quake/a: nothing moved for 30 s")],
    ["an error with a hint", new PeerError("no-permission", "no", { hint: "Ask.", retryable: true })],
    ["a lane", new LaneError("the lane failed")],
  ])("says the same there: %s", (_, error) => {
    const heard = across(error);
    expect(heard).toBeInstanceOf(error.constructor);
    expect({ ...heard, message: heard.message }).toEqual({ ...error, message: error.message });
  });

  it("of the own disk names the file and the reason", () => {
    expect(full.code).toBe("disk-full");
    for (const cause of [full, new SinkError(full).cause]) {
      const heard = across(new SinkError(cause));
      expect(heard).toBeInstanceOf(SinkError);
      expect(heard.cause).toBeInstanceOf(PeerError);
      expect(heard.cause).toMatchObject({ code: "disk-full", message: full.message });
    }
  });

  it("of the connection is the lane's, and no fault of the source", () => {
    const info = { byPeer: true, app: true, code: RESET.refused, reason: "", timedOut: false };
    expect(across(new ConnectionClosedError(info))).toBeInstanceOf(LaneError);
    expect(across(new HandshakeError("refused", null, false))).toBeInstanceOf(LaneError);
  });

  it("that nobody foresaw keeps its words", () => {
    expect(across(new RangeError("piece 7 was not ordered")).message).toBe("piece 7 was not ordered");
    expect(across("text").message).toBe("text");
    expect(across(undefined)).toBeInstanceOf(Error);
  });

  it("of a caller that wants no more is a cancellation", () => {
    expect(failureToError({ kind: "cancelled" })).toMatchObject({ code: "cancelled" });
  });
});

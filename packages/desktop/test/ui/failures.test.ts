import { asGameId, type RuntimeEvent } from "@lanspread/proto";
import { describe, expect, it } from "vitest";
import { failureOf, failuresAfter } from "../../protocol/failures.ts";

const gameId = asGameId("quake");
const why = { code: "disk-full", message: "/srv is full", hint: "Free 2 GiB." };

describe("why the last operation on a game failed", () => {
  it.each<[RuntimeEvent, ReturnType<typeof failureOf>]>([
    [
      { type: "download-failed", gameId, ...why },
      { gameId, why },
    ],
    [
      { type: "install-failed", gameId, ...why },
      { gameId, why },
    ],
    [
      { type: "uninstall-failed", gameId, ...why },
      { gameId, why },
    ],
    [
      { type: "remove-failed", gameId, ...why },
      { gameId, why },
    ],
    [
      { type: "stream-install-failed", gameId, ...why },
      { gameId, why },
    ],
    [
      { type: "no-peers-have-game", gameId, message: "No peer has quake." },
      { gameId, why: { code: "no-peers-have-game", message: "No peer has quake." } },
    ],
    [
      { type: "download-peers-gone", gameId, message: "All left.", hint: "Wait." },
      { gameId, why: { code: "peers-gone", message: "All left.", hint: "Wait." } },
    ],
    [
      { type: "runtime-failed", ...why },
      { gameId: null, why },
    ],
    [{ type: "download-cancelled", gameId }, null],
    [{ type: "remove-failed", gameId, code: "cancelled", message: "" }, null],
    [{ type: "install-failed", gameId, code: "shutting-down", message: "" }, null],
    [{ type: "uninstall-finished", gameId }, null],
  ])("%j tells %j", (event, failure) => {
    expect(failureOf(event)).toEqual(failure);
  });

  it("is known until something is tried again", () => {
    const failed = failuresAfter({}, { type: "download-failed", gameId, ...why });
    expect(failed).toEqual({ quake: why });
    const other = asGameId("doom");
    const busy = (id: typeof gameId): RuntimeEvent => ({
      type: "active-operations-changed",
      operations: [{ gameId: id, kind: "installing" }],
    });
    expect(failuresAfter(failed, busy(other))).toBe(failed);
    expect(failuresAfter(failed, { type: "peer-count-updated", count: 1 })).toBe(failed);
    expect(failuresAfter(failed, busy(gameId))).toEqual({});
    expect(failuresAfter({}, { type: "runtime-failed", ...why })).toEqual({});
  });
});

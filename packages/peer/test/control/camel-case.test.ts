import { asGameId, asPeerId, type RuntimeEvent, toHarnessEvent, toSnakeCase } from "@lanspread/proto";
import { describe, expect, it } from "vitest";
import { toCamelCase, toRuntimeEvent } from "../../src/control/camel-case.ts";

const peerId = asPeerId("00000000-0000-8000-8000-00000000000a");
const gameId = asGameId("my_game");

describe("names on a line and in the runtime", () => {
  it.each<RuntimeEvent>([
    { type: "peer-discovered", peerId, name: "attic", addr: "10.0.0.1:9", libraryRev: 3, gameCount: 1 },
    {
      type: "download-finished",
      gameId,
      bytes: 1,
      pieces: 1,
      retried: 0,
      elapsedMs: 5,
      mibPerS: 1,
      sources: { [peerId]: 1 },
    },
    { type: "active-operations-changed", operations: [{ gameId, kind: "stream-installing" }] },
    { type: "outbound-progress", transfers: [{ peerId, gameId, bytesPerSecond: 12 }] },
    { type: "peer-incompatible", peerId: null, addr: "10.0.0.1:9", reason: "old" },
  ])("come back as they were: $type", (event) => {
    const line = toHarnessEvent(event, 0);
    expect(toRuntimeEvent(line.event, line.data)).toEqual(event);
  });

  it("leave keys that are ids alone, and what is written as on the wire", () => {
    const status = { outboundTransfers: { my_game: 2 }, rssBytes: 1 };
    expect(toCamelCase(toSnakeCase(status))).toEqual(status);
    expect(toCamelCase({ manifest: { piece_size: 1 }, sources: ["a"] })).toEqual({
      manifest: { piece_size: 1 },
      sources: ["a"],
    });
  });
});

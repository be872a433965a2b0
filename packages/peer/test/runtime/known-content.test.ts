import { asGameId, type Hash, type RuntimeEvent } from "@lanspread/proto";
import { describe, expect, it, vi } from "vitest";
import { silentLogger } from "../../src/logger.ts";
import { EventBus } from "../../src/runtime/event-bus.ts";
import { OperationTable } from "../../src/runtime/operations.ts";
import { beginOperation, type OperationFrame } from "../../src/runtime/run-operation.ts";
import { createOutboundTransfers } from "../../src/transfer/index.ts";
import { createRig } from "../library/support.ts";

const QUAKE = asGameId("quake");

const KNOWN = {
  manifestHash: "ab".repeat(32) as Hash,
  digests: new Uint8Array(32),
  seen: new Map([["a", { path: "a", size: 1, mtimeNs: "1" }]]),
};

const END: RuntimeEvent = { type: "uninstall-finished", gameId: QUAKE };

/** What the library is told at the end of an operation that does this. */
async function told(work: (frame: OperationFrame) => void): Promise<unknown> {
  await using rig = await createRig({ quake: { "version.ini": "20240101" } });
  await rig.library.start();
  const release = vi.spyOn(rig.library, "release");
  const running = new Set<Promise<void>>();
  const parts = {
    ...{ library: rig.library, logger: silentLogger, bus: new EventBus(silentLogger), running },
    ...{ operations: new OperationTable(), outbound: createOutboundTransfers() },
    signal: new AbortController().signal,
  };
  beginOperation(parts, {
    ...{ gameId: QUAKE, kind: "downloading" },
    work: async (frame) => {
      work(frame);
      return END;
    },
    failed: ({ code, message }) => ({ type: "uninstall-failed", gameId: QUAKE, code, message }),
  });
  await Promise.all(running);
  return release.mock.calls.at(-1)?.[1];
}

describe("what an operation knows of a game", () => {
  it("is told to the library when it ends", async () => {
    expect(await told((frame) => frame.know(KNOWN))).toEqual(KNOWN);
  });

  it("is not how the files lay any more when it has gone on as another one", async () => {
    const { seen: _, ...lasting } = KNOWN;
    const work = (frame: OperationFrame): void => {
      frame.know(KNOWN);
      frame.continueAs("installing", END);
    };
    expect(await told(work)).toEqual(lasting);
  });
});

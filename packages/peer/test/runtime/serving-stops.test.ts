import { mkdir } from "node:fs/promises";
import { setImmediate as nextTurn } from "node:timers/promises";
import { asGameId } from "@lanspread/proto";
import { describe, expect, it } from "vitest";
import { PeerError } from "../../src/errors/index.ts";
import { createLogger, type Logger, silentLogger } from "../../src/logger.ts";
import { setGamesDirCommand } from "../../src/runtime/commands/set-games-dir.ts";
import { EventBus } from "../../src/runtime/event-bus.ts";
import { OperationTable } from "../../src/runtime/operations.ts";
import { recoverNewcomer } from "../../src/runtime/recover.ts";
import { beginOperation } from "../../src/runtime/run-operation.ts";
import { createOutboundTransfers, type OutboundTransfers } from "../../src/transfer/index.ts";
import { createRig } from "../library/support.ts";

const QUAKE = asGameId("quake");
const DOOM = asGameId("doom");

/** The parts of a peer that serving and changing games have in common; its library is started, with one game in it. */
async function createPeerParts(story: string[]) {
  const operations = new OperationTable();
  const outbound = createOutboundTransfers();
  const { signal } = new AbortController();
  const base = createLogger({ level: "error", sink: () => {} });
  const logger: Logger = {
    ...base,
    child: (name) => {
      if (name === "recovery") story.push("recovery");
      return base.child(name);
    },
  };
  const rig = await createRig(
    { quake: { "version.ini": "20240101", "quake.eti": "bytes" } },
    {
      recover: (gamesDir) =>
        recoverNewcomer({ stateDir: rig.stateDir, operations, outbound, logger, signal }, gamesDir),
    },
  );
  await rig.library.start();
  story.length = 0;
  return {
    rig,
    bus: new EventBus(silentLogger),
    library: rig.library,
    logger,
    operations,
    outbound,
    running: new Set<Promise<void>>(),
    signal,
    stateDir: rig.stateDir,
    [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose](),
  };
}

/** Serves a game until that is cancelled, and then needs another moment to leave the file. */
function serveUntilCancelled(
  outbound: OutboundTransfers,
  gameId: typeof QUAKE,
  story: string[],
): Promise<void> {
  return outbound.run(gameId, async ({ signal }) => {
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    await nextTurn();
    story.push(`${gameId} is served no longer`);
  });
}

describe("an operation", () => {
  it("begins to work when the last transfer of its game has ended; other games are served on", async () => {
    const story: string[] = [];
    await using parts = await createPeerParts(story);
    const served = serveUntilCancelled(parts.outbound, QUAKE, story);
    const other = serveUntilCancelled(parts.outbound, DOOM, story);
    beginOperation(parts, {
      gameId: QUAKE,
      kind: "installing",
      work: async () => {
        story.push(`work while ${JSON.stringify(parts.outbound.counts())} go out`);
        return { type: "uninstall-finished", gameId: QUAKE };
      },
      failed: ({ code, message }) => ({ type: "uninstall-failed", gameId: QUAKE, code, message }),
    });
    await Promise.all(parts.running);
    expect(story).toEqual(["quake is served no longer", 'work while {"doom":1} go out']);
    await served;
    await parts.outbound.cancelAll();
    await other;
  });

  it("does not begin to work where it is cancelled while a transfer ends", async () => {
    const story: string[] = [];
    await using parts = await createPeerParts(story);
    const served = parts.outbound.run(QUAKE, async ({ signal }) => {
      await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
      parts.operations.abortAll(new PeerError("cancelled", "enough"));
    });
    beginOperation(parts, {
      gameId: QUAKE,
      kind: "installing",
      work: async () => {
        story.push("work");
        return { type: "uninstall-finished", gameId: QUAKE };
      },
      failed: () => {
        story.push("failed");
        return { type: "uninstall-failed", gameId: QUAKE, code: "cancelled", message: "enough" };
      },
    });
    await Promise.all([served, ...parts.running]);
    expect(story).toEqual(["failed"]);
  });
});

describe("another games directory", () => {
  it("is touched when the transfers of the old one have ended, of whatever games", async () => {
    const story: string[] = [];
    await using parts = await createPeerParts(story);
    const served = [QUAKE, DOOM].map((gameId) => serveUntilCancelled(parts.outbound, gameId, story));
    const path = parts.rig.dir.join("other-games");
    await mkdir(path);
    expect(await setGamesDirCommand(parts, path)).toBe(path);
    expect(story).toEqual(["quake is served no longer", "doom is served no longer", "recovery"]);
    await Promise.all(served);
  });
});

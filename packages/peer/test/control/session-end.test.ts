import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createControlSession } from "../../src/index.ts";
import { makeGame, Party } from "../runtime/party.ts";
import { converse, untilAborted } from "./converse.ts";

let party: Party;

beforeEach(async () => {
  party = await Party.make();
});

afterEach(() => party[Symbol.asyncDispose]());

describe("the end of a session", () => {
  it("by shutdown is answered first, then asked of the host; the last events follow", async () => {
    const { gamesDir } = await party.folders("alpha");
    const gameId = await makeGame(gamesDir, "quake");
    const alpha = await party.start("alpha", {
      discovery: null,
      unpacker: {
        list: (_, { signal } = {}) => untilAborted(signal),
        unpack: () => untilAborted(undefined),
        stream: () => untilAborted(undefined),
      },
    });
    const client = converse(alpha.peer);
    await client.ask({ cmd: "install", game_id: gameId });
    await client.event("install-progress");
    client.story.length = 0;
    await client.ask({ cmd: "shutdown" });
    await client.session.idle();
    // What happens is told at any time; a name of an event is one word.
    expect(client.story.filter((what) => what.includes(" "))).toEqual(["result shutdown", "shut down"]);
    await alpha.peer.stop();
    await client.session.ended;
    // The library may still learn something, such as a game's digests; the operation has nothing more to say.
    const after = client.story.slice(client.story.indexOf("shut down") + 1);
    expect(after.filter((line) => line !== "local-library-changed").at(-1)).toBe("install-failed");
  });

  it("by its host lets nothing more out: no answer, no event", async () => {
    const { peer } = await party.start("alpha", { discovery: null });
    const client = converse(peer);
    await client.event("local-library-changed");
    client.session.takeLine('{"id":1,"cmd":"wait-peers","count":1,"timeout_ms":3600000}');
    client.session.close();
    client.session.close();
    client.session.takeLine('{"id":2,"cmd":"status"}');
    client.session.refuseLine();
    await client.session.idle();
    await client.session.ended;
    expect(client.answers()).toEqual([]);
    const told = client.lines.length;
    await peer.stop();
    expect(client.lines.length).toBe(told);
  });

  it.each(["event", "error", "result"])("comes with the first %s that cannot be written", async (type) => {
    const { peer } = await party.start("alpha", { discovery: null });
    const failed = Promise.withResolvers<void>();
    let written = 0;
    const session = createControlSession({
      peer,
      writeLine: async (text) => {
        written += 1;
        if (!text.startsWith(`{"type":"${type}"`)) return;
        failed.resolve();
        throw new Error("nobody reads");
      },
      onShutdown: () => {},
    });
    if (type === "error") session.refuseLine();
    if (type === "result") session.takeLine('{"id":1,"cmd":"status"}');
    await failed.promise;
    await session.idle();
    await session.ended;
    const before = written;
    session.takeLine('{"id":2,"cmd":"status"}');
    await session.idle();
    expect(written).toBe(before);
  });

  it("begins with who the peer is, which is told once", async () => {
    const { peer } = await party.start("alpha", { discovery: null });
    const client = converse(peer);
    await client.event("local-library-changed");
    expect(client.lines[0]).toEqual({
      type: "event",
      event: "local-peer-ready",
      time: expect.any(Number),
      data: { peer_id: peer.peerId, addr: peer.addr, lanes: peer.snapshot().status.lanes },
    });
    expect(client.story.filter((what) => what === "local-peer-ready")).toHaveLength(1);
  });
});

import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { asGameId, type RuntimeEvent, type RuntimeEventType } from "@lanspread/proto";
import { createDgramSocket } from "@lanspread/quic";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { connectControl, createLogger, createPartyCa, type LogEntry, writePartyCa } from "../../src/index.ts";
import { contentOf, digested, makeGame, offered, Party } from "./party.ts";

let party: Party;

beforeEach(async () => {
  party = await Party.make();
});

afterEach(() => party[Symbol.asyncDispose]());

const FILES = ["quake.eti", "version.ini", "extras/manual.txt"];
const OPERATION_EVENTS: ReadonlySet<RuntimeEventType> = new Set([
  "active-operations-changed",
  "local-library-changed",
  "download-finished",
  "download-failed",
  "download-cancelled",
  "install-finished",
  "install-failed",
  "uninstall-finished",
]);

/** What an operation said, in short: kinds in brackets for operations, types for the rest. */
function story(events: readonly RuntimeEvent[]): string[] {
  return events
    .filter(({ type }) => OPERATION_EVENTS.has(type))
    .map((event) =>
      event.type === "active-operations-changed"
        ? `[${event.operations.map(({ kind }) => kind).join(", ")}]`
        : event.type,
    );
}

describe("a peer alone", () => {
  it("says that it is ready, then what it has", async () => {
    const { gamesDir } = await party.folders("alpha");
    await makeGame(gamesDir, "quake");
    const alpha = await party.start("alpha");
    await alpha.event("local-library-changed");
    expect(alpha.events.map(({ type }) => type).slice(0, 2)).toEqual([
      "local-peer-ready",
      "local-library-changed",
    ]);
    const { games } = await alpha.peer.send({ type: "list-games" });
    expect(games).toMatchObject([
      {
        id: "quake",
        version: "20240101",
        downloaded: true,
        installed: false,
        availability: "ready",
        peerCount: 0,
      },
    ]);
  });

  it("ends an operation whose game nobody has", async () => {
    const alpha = await party.start("alpha");
    await alpha.event("local-library-changed");
    const gameId = asGameId("nobodys");
    await alpha.peer.send({ type: "download-game-files", gameId });
    await alpha.event("no-peers-have-game");
    expect(story(alpha.events).slice(-2)).toEqual(["[downloading]", "[]"]);
    expect(alpha.events.at(-1)).toEqual({
      type: "no-peers-have-game",
      gameId,
      message: "No peer has nobodys.",
      hint: expect.stringContaining("Wait for a peer"),
    });
    expect(await readdir(alpha.gamesDir)).toEqual([]);
  });

  it("refuses what cannot be done, with the code that says why", async () => {
    const { gamesDir } = await party.folders("alpha");
    const quake = await makeGame(gamesDir, "quake");
    const doom = asGameId("doom");
    const alpha = await party.start("alpha");
    await alpha.event("local-library-changed");
    const refusals = [
      [{ type: "install-game", gameId: doom }, "not-downloaded"],
      [{ type: "uninstall-game", gameId: quake }, "not-installed"],
      [{ type: "cancel-download", gameId: quake }, "nothing-to-cancel"],
      [{ type: "get-game", gameId: doom }, "no-peers-have-game"],
      [{ type: "fetch-latest-from-peers", gameId: quake }, "no-peers-have-game"],
      [{ type: "connect", addr: alpha.peer.addr }, "self-connect"],
      [{ type: "set-game-dir", path: party.path("nowhere") }, "no-such-directory"],
    ] as const;
    for (const [command, code] of refusals) {
      await expect(alpha.peer.send(command), command.type).rejects.toMatchObject({ name: "PeerError", code });
    }
    await expect(alpha.peer.send({ type: "dance" } as never)).rejects.toMatchObject({ code: "bad-request" });
    expect(alpha.peer.snapshot().status.gamesDir).toBe(gamesDir);
  });

  it("shares another folder from now on", async () => {
    const { gamesDir } = await party.folders("alpha");
    await makeGame(gamesDir, "quake");
    const { gamesDir: other } = await party.folders("other");
    await makeGame(other, "doom");
    const alpha = await party.start("alpha");
    await alpha.event("local-library-changed");
    expect(await alpha.peer.send({ type: "set-game-dir", path: other })).toEqual({ gamesDir: other });
    const { games } = await alpha.peer.send({ type: "list-games" });
    expect(games.map(({ id }) => id)).toEqual(["doom"]);
  });

  it("stops once, ends its events, and leaves its state directory free", async () => {
    const alpha = await party.start("alpha");
    const all: RuntimeEvent[] = [];
    const reading = (async () => {
      for await (const event of alpha.peer.events()) all.push(event);
    })();
    await alpha.event("local-library-changed");
    await Promise.all([alpha.peer.stop(), alpha.peer.stop()]);
    await reading;
    expect(all[0]?.type).toBe("local-peer-ready");
    expect(await alpha.peer.stopped).toEqual({ failed: null });
    await expect(alpha.peer.send({ type: "status" })).rejects.toMatchObject({ code: "shutting-down" });
    const again = await party.start("alpha");
    expect(again.peer.peerId).toBe(alpha.peer.peerId);
  });

  it("whose endpoint fails says so, and stops", async () => {
    let broken = false;
    const alpha = await party.start("alpha", {
      socket: async (address) => {
        const socket = await createDgramSocket(address);
        const send: typeof socket.send = (...args) => {
          if (broken) throw new Error("the cable burns");
          socket.send(...args);
        };
        return { address: socket.address, send, onMessage: socket.onMessage, close: socket.close };
      },
    });
    await alpha.event("local-library-changed");
    broken = true;
    const bravo = await party.start("bravo", { discovery: null });
    await expect(bravo.peer.send({ type: "connect", addr: alpha.peer.addr })).rejects.toMatchObject({
      code: "connect-failed",
    });
    const failure = {
      code: "internal",
      message: expect.stringContaining("the cable burns"),
      hint: "Please report it, with the log.",
    };
    expect(await alpha.event("runtime-failed")).toEqual({ type: "runtime-failed", ...failure });
    expect(await alpha.peer.stopped).toEqual({ failed: failure });
    await expect(alpha.peer.send({ type: "status" })).rejects.toMatchObject({ code: "shutting-down" });
    await party.start("alpha");
  });

  it.each([
    ["an address that this machine does not have", { listen: "192.0.2.1:0" }, "no-network-interface"],
    ["a network that this machine does not have", { interfaces: ["192.0.2.1"] }, "no-network-interface"],
    ["no address", { listen: "everywhere" }, "bad-request"],
    ["a catalog that is not there", { catalog: "/nonexistent/catalog.json" }, "no-such-file"],
    ["a party CA that is not there", { partyCa: "/nonexistent/ca" }, "no-such-file"],
    ["a name with control characters", { name: "a\nb" }, "bad-request"],
  ])("does not start with %s, and leaves nothing running", async (_, options, code) => {
    await expect(party.start("alpha", options)).rejects.toMatchObject({ name: "PeerError", code });
    await party.start("alpha");
  });

  it("does not start on a port that is taken, and names it", async () => {
    const alpha = await party.start("alpha");
    await expect(party.start("bravo", { listen: alpha.peer.addr })).rejects.toMatchObject({
      code: "port-taken",
      message: expect.stringContaining(alpha.peer.addr),
    });
  });

  it("does not start a second time with one state directory, and says who has it", async () => {
    await party.start("alpha");
    await expect(party.start("alpha")).rejects.toMatchObject({
      code: "state-locked",
      message: expect.stringContaining(`alpha (process ${process.pid})`),
    });
  });
});

describe("two peers", () => {
  it("find each other, and know each other's games", async () => {
    const { gamesDir } = await party.folders("alpha");
    await makeGame(gamesDir, "quake");
    const alpha = await party.start("alpha");
    const bravo = await party.start("bravo");
    const found = await bravo.event("peer-discovered");
    expect(found).toMatchObject({ peerId: alpha.peer.peerId, name: "alpha", addr: alpha.peer.addr });
    await alpha.event("peer-discovered", ({ peerId }) => peerId === bravo.peer.peerId);
    const listed = await bravo.event("list-games", ({ games }) => games.length > 0);
    expect(listed.games).toMatchObject([{ id: "quake", peerCount: 1, downloaded: false }]);
    await alpha.peer.stop();
    await bravo.event("peer-lost");
    expect(bravo.peer.snapshot().peers).toEqual([]);
  });

  it("hand over a game, which is installed and uninstalled; events in order", async () => {
    const { gamesDir } = await party.folders("alpha");
    const gameId = await makeGame(gamesDir, "quake");
    const alpha = await party.start("alpha");
    const log: LogEntry[] = [];
    const bravo = await party.start("bravo", {
      discovery: null,
      logger: createLogger({ level: "info", sink: (entry) => log.push(entry) }),
    });
    expect(await bravo.peer.send({ type: "connect", addr: alpha.peer.addr })).toEqual({
      peerId: alpha.peer.peerId,
    });
    await offered(bravo, gameId);
    bravo.events.length = 0;

    expect(await bravo.peer.send({ type: "download-game-files", gameId, install: false })).toEqual({
      accepted: true,
    });
    await expect(bravo.peer.send({ type: "install-game", gameId })).rejects.toMatchObject({
      code: "operation-in-progress",
    });
    const finished = await bravo.event("download-finished");
    expect(story(bravo.events)).toEqual([
      "[downloading]",
      "local-library-changed",
      "[]",
      "download-finished",
    ]);
    expect(finished.sources).toEqual({ [alpha.peer.peerId]: finished.bytes });
    expect(await contentOf(bravo.gamesDir, "quake", FILES)).toEqual(
      await contentOf(gamesDir, "quake", FILES),
    );
    expect((await readdir(join(bravo.gamesDir, "quake"))).sort()).toEqual([
      "extras",
      "quake.eti",
      "version.ini",
    ]);

    bravo.events.length = 0;
    await bravo.peer.send({ type: "install-game", gameId });
    await bravo.event("install-finished");
    expect(story(bravo.events)).toEqual([
      "[installing]",
      "local-library-changed",
      "local-library-changed",
      "[]",
      "install-finished",
    ]);
    const local = join(bravo.gamesDir, "quake", "local");
    expect((await stat(join(local, "data/world.dat"))).size).toBe(5_300_007);
    expect(await readFile(join(local, "data/empty.txt"), "utf8")).toBe("");
    await expect(bravo.peer.send({ type: "install-game", gameId })).rejects.toMatchObject({
      code: "already-installed",
    });

    bravo.events.length = 0;
    await bravo.peer.send({ type: "download-game-files", gameId, install: true });
    expect(await bravo.event("download-finished")).toMatchObject({ bytes: 0, sources: {} });
    expect(story(bravo.events)).toEqual([
      "[downloading]",
      "local-library-changed",
      "local-library-changed",
      "[]",
      "download-finished",
    ]);
    expect(log.map(({ message }) => message)).toContain(
      "the game is installed already: nothing was installed",
    );

    bravo.events.length = 0;
    await bravo.peer.send({ type: "uninstall-game", gameId });
    await bravo.event("uninstall-finished");
    expect((await readdir(join(bravo.gamesDir, "quake"))).sort()).toEqual([
      "extras",
      "quake.eti",
      "version.ini",
    ]);
    expect(alpha.peer.snapshot().status.outboundTransfers).toEqual({});
  });

  it("accept the next command on a game when its end event is heard, in its handler", async () => {
    const { gamesDir } = await party.folders("alpha");
    const gameId = await makeGame(gamesDir, "quake");
    const alpha = await party.start("alpha");
    const bravo = await party.start("bravo", { discovery: null });
    await bravo.peer.send({ type: "connect", addr: alpha.peer.addr });
    await offered(bravo, gameId);
    const next = Promise.withResolvers<unknown>();
    bravo.peer.onEvent((event) => {
      if (event.type === "install-finished")
        next.resolve(bravo.peer.send({ type: "uninstall-game", gameId }));
    });
    await bravo.peer.send({ type: "download-game-files", gameId });
    expect(await next.promise).toEqual({ accepted: true });
    await bravo.event("uninstall-finished");
    expect(story(bravo.events)).toEqual(
      expect.arrayContaining(["[downloading]", "[installing]", "download-finished", "install-finished"]),
    );
    const order = story(bravo.events);
    expect(order.indexOf("[installing]")).toBeLessThan(order.indexOf("download-finished"));
    expect(order.indexOf("download-finished")).toBeLessThan(order.indexOf("install-finished"));
  });

  it("do not become a source before the game is whole, and are one afterwards", async () => {
    const { gamesDir } = await party.folders("alpha");
    const gameId = await makeGame(gamesDir, "quake");
    const alpha = await party.start("alpha");
    const bravo = await party.start("bravo", { discovery: null });
    await bravo.peer.send({ type: "connect", addr: alpha.peer.addr });
    await offered(bravo, gameId);
    const announced: number[] = [];
    bravo.peer.onEvent((event) => {
      if (event.type === "download-progress") announced.push(bravo.peer.snapshot().localGames.length);
    });
    await bravo.peer.send({ type: "download-game-files", gameId, install: false });
    await bravo.event("download-finished");
    expect(new Set(announced)).toEqual(new Set([0]));
    const last = bravo.events.findLast((event) => event.type === "download-progress");
    expect(last?.rates).toEqual({ [alpha.peer.peerId]: expect.any(Number) });
    const charlie = await party.start("charlie", { discovery: null });
    await charlie.peer.send({ type: "connect", addr: bravo.peer.addr });
    await charlie.peer.send({ type: "download-game-files", gameId });
    const finished = await charlie.event("download-finished");
    expect(Object.keys(finished.sources)).toEqual([bravo.peer.peerId]);
    await charlie.event("install-finished");
  });

  it("know nothing of each other with another party's certificates", async () => {
    const dir = party.path("ca");
    await writePartyCa({ dir, ca: await createPartyCa({ name: "closed" }) });
    const { gamesDir } = await party.folders("alpha");
    await makeGame(gamesDir, "quake");
    const alpha = await party.start("alpha", { partyCa: dir });
    const stranger = await party.start("stranger", { discovery: null });
    await expect(stranger.peer.send({ type: "connect", addr: alpha.peer.addr })).rejects.toMatchObject({
      code: "wrong-party",
    });
    expect(alpha.peer.snapshot().peers).toEqual([]);
    await alpha.event("local-library-changed");
    const friend = await party.start("friend", { partyCa: dir, discovery: null });
    await friend.peer.send({ type: "connect", addr: alpha.peer.addr });
    expect((await friend.peer.send({ type: "list-games" })).games).toMatchObject([{ id: "quake" }]);
  });

  it("are of one party only under its name", async () => {
    const alpha = await party.start("alpha");
    const other = await party.start("other", { party: `${party.name}-2`, discovery: null });
    await expect(other.peer.send({ type: "connect", addr: alpha.peer.addr })).rejects.toMatchObject({
      code: "wrong-party",
    });
  });
});

describe("the control socket", () => {
  it("drives the running peer as the peer itself, and shows the same events", async () => {
    const { gamesDir, stateDir } = await party.folders("alpha");
    await makeGame(gamesDir, "quake");
    expect(await connectControl({ stateDir })).toBeNull();
    const alpha = await party.start("alpha");
    await digested(alpha);
    const client = await connectControl({ stateDir });
    if (client === null) throw new Error("nobody listens");
    const heard: RuntimeEvent[] = [];
    client.onEvent((event) => heard.push(event));
    const { rssBytes: _, ...status } = await client.send({ type: "status" });
    expect(status).toEqual(expect.objectContaining({ peerId: alpha.peer.peerId, gamesDir }));
    expect(await client.send({ type: "list-games" })).toEqual(await alpha.peer.send({ type: "list-games" }));
    const gameId = asGameId("quake");
    expect(await client.send({ type: "get-game", gameId })).toEqual(
      await alpha.peer.send({ type: "get-game", gameId }),
    );
    await expect(client.send({ type: "uninstall-game", gameId })).rejects.toMatchObject({
      name: "PeerError",
      code: "not-installed",
    });
    alpha.events.length = 0;
    await client.send({ type: "install-game", gameId });
    await alpha.event("install-finished");
    await client.shutdown();
    expect(await client.closed).toContain("has ended");
    await alpha.peer.stopped;
    expect(heard.filter(({ type }) => OPERATION_EVENTS.has(type))).toEqual(
      alpha.events.filter(({ type }) => OPERATION_EVENTS.has(type)),
    );
    expect(await connectControl({ stateDir })).toBeNull();
  });
});

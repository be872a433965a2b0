import { readFileSync } from "node:fs";
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { asGameId, OPERATION_KINDS, type RuntimeEvent, type RuntimeEventType } from "@lanspread/proto";
import { createVirtualClock, eventually, eventuallyPasses } from "@lanspread/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { PEER_ERRORS } from "../../src/errors/index.ts";
import { silentLogger } from "../../src/logger.ts";
import { EventBus } from "../../src/runtime/event-bus.ts";
import { OperationTable } from "../../src/runtime/operations.ts";
import { recover } from "../../src/runtime/recover.ts";
import { openStateDir } from "../../src/storage/index.ts";
import { type Member, makeGame, offered, Party } from "./party.ts";
import { patientUnpacker } from "./patient-unpacker.ts";

const QUAKE = asGameId("quake");
const DOOM = asGameId("doom");

let party: Party;

beforeEach(async () => {
  party = await Party.make();
});

afterEach(() => party[Symbol.asyncDispose]());

/** Two peers that stand still but for what happens: no look at the games directory comes by itself. */
async function startPair(options: Parameters<Party["start"]>[1] = {}): Promise<[Member, Member]> {
  const { gamesDir } = await party.folders("alpha");
  await makeGame(gamesDir, QUAKE);
  const alpha = await party.start("alpha", { discovery: null });
  const bravo = await party.start("bravo", { discovery: null, clock: createVirtualClock(), ...options });
  await bravo.event("local-library-changed");
  await bravo.peer.send({ type: "connect", addr: alpha.peer.addr });
  await offered(bravo, QUAKE);
  return [alpha, bravo];
}

/** Everything that may be done with a game, from nothing to nothing. */
async function playThrough(bravo: Member): Promise<void> {
  await bravo.peer.send({ type: "download-game-files", gameId: QUAKE });
  await bravo.event("install-finished");
  await bravo.peer.send({ type: "uninstall-game", gameId: QUAKE });
  await bravo.event("uninstall-finished");
  await bravo.peer.send({ type: "download-game-files", gameId: asGameId("nobodys") });
  await bravo.event("no-peers-have-game");
  await writeFile(join(bravo.gamesDir, QUAKE, `${QUAKE}.eti`), "no archive");
  await bravo.peer.send({ type: "install-game", gameId: QUAKE });
  await bravo.event("install-failed");
}

it("recovery is not run on a game with an active operation, only when that has ended", async () => {
  const { gamesDir, stateDir } = await party.folders("alpha");
  const layout = await openStateDir(stateDir);
  const discarded = (id: string) => join(gamesDir, id, ".version.ini.discarded");
  for (const id of [QUAKE, DOOM]) {
    await mkdir(join(gamesDir, id), { recursive: true });
    // What a download leaves for a moment, and a dead one for ever.
    await writeFile(discarded(id), "20240101");
  }
  const operations = new OperationTable();
  const parts = {
    stateDir: layout,
    operations,
    logger: silentLogger,
    signal: new AbortController().signal,
  };
  const names = () => Promise.all([QUAKE, DOOM].map((id) => readdir(join(gamesDir, id))));
  const download = operations.begin(QUAKE, "downloading");
  await recover(parts, gamesDir);
  expect(await names()).toEqual([[".version.ini.discarded"], []]);
  operations.end(download);
  await recover(parts, gamesDir);
  expect(await names()).toEqual([[], []]);
});

describe("the games directory", () => {
  it("is not changed under running work, nor does work begin while it is being changed", async () => {
    const { gamesDir } = await party.folders("alpha");
    const { gamesDir: other } = await party.folders("other");
    for (const dir of [gamesDir, other]) for (const id of [QUAKE, DOOM]) await makeGame(dir, id);
    const unpacker = patientUnpacker();
    const alpha = await party.start("alpha", { discovery: null, unpacker });
    await alpha.event("local-library-changed");
    await alpha.peer.send({ type: "install-game", gameId: QUAKE });
    await unpacker.begun;
    const refused = { code: "operation-in-progress" };
    const changes = Array.from({ length: 10 }, () => alpha.peer.send({ type: "set-game-dir", path: other }));
    for (const change of changes) await expect(change).rejects.toMatchObject(refused);
    expect(alpha.peer.snapshot().status.gamesDir).toBe(gamesDir);
    unpacker.go();
    await alpha.event("install-finished");
    expect(await readdir(join(gamesDir, QUAKE))).toContain("local");
    expect(await readdir(join(other, QUAKE))).not.toContain("local");

    // Many at once: one change wins, and whatever is refused has done nothing.
    const both = await Promise.allSettled(
      Array.from({ length: 10 }, () => [
        alpha.peer.send({ type: "set-game-dir", path: other }),
        alpha.peer.send({ type: "install-game", gameId: DOOM }),
      ]).flat(),
    );
    const [change, ...others] = both;
    expect(change).toMatchObject({ status: "fulfilled", value: { gamesDir: other } });
    for (const outcome of others) expect(outcome).toMatchObject({ status: "rejected", reason: refused });
    expect(alpha.peer.snapshot()).toMatchObject({
      status: { gamesDir: other, operations: [] },
      localGames: [DOOM, QUAKE].map((id) => ({ id, installed: false })),
    });
    for (const dir of [gamesDir, other]) expect(await readdir(join(dir, DOOM))).not.toContain("local");
  });
});

describe("the final state of an operation", () => {
  it("is published before its end event, not at the next scan", async () => {
    const [, bravo] = await startPair();
    /** What the user is shown, and what is safe on disk, in the very moment of an event. */
    const moments: unknown[] = [];
    const ends: ReadonlySet<RuntimeEventType> = new Set([
      "download-finished",
      "no-peers-have-game",
      "install-finished",
      "install-failed",
      "uninstall-finished",
    ]);
    bravo.peer.onEvent(({ type }) => {
      if (!ends.has(type)) return;
      const { localGames, games, status } = bravo.peer.snapshot();
      const [own] = localGames;
      const [listed] = games;
      const saved: { readonly library_rev: number } = JSON.parse(
        readFileSync(join(bravo.stateDir, "library.json"), "utf8"),
      );
      // The next one may be there already: it is published when it is safe.
      expect(saved.library_rev).toBeGreaterThanOrEqual(status.libraryRev);
      expect(listed).toMatchObject({
        downloaded: own?.downloaded ?? false,
        installed: own?.installed ?? false,
        operation: status.operations[0]?.kind ?? null,
      });
      moments.push([type, own?.version, own?.installed, own?.availability, own?.contentId !== null]);
    });
    const charlie = await party.start("charlie", { discovery: null });
    await charlie.peer.send({ type: "connect", addr: bravo.peer.addr });
    await playThrough(bravo);
    expect(moments).toEqual([
      // The install goes on in the same slot: nobody is served yet.
      ["download-finished", undefined, undefined, undefined, true],
      ["install-finished", "20240101", true, "ready", true],
      ["uninstall-finished", "20240101", false, "ready", true],
      ["no-peers-have-game", "20240101", false, "ready", true],
      // It is another content now, and may be hashed.
      ["install-failed", "20240101", false, "ready", expect.any(Boolean)],
    ]);
    await eventuallyPasses(() =>
      expect(charlie.peer.snapshot().remoteGames).toMatchObject([{ id: QUAKE, version: "20240101" }]),
    );
  });
});

describe("status", () => {
  it("is no free-form string: every word that a program may act upon is of a closed list", async () => {
    /** The words that mean something, by the name of their field. */
    const closed: Readonly<Record<string, readonly string[]>> = {
      availability: ["ready", "local_only"],
      kind: OPERATION_KINDS,
      operation: OPERATION_KINDS,
      phase: ["checking", "unpacking", "copying", "flushing"],
      code: Object.keys(PEER_ERRORS),
    };
    /** Names, places and numbers of things, and sentences for people: nothing to act upon. */
    const open = new Set(
      ["type", "peerId", "gameId", "id", "name", "addr", "version", "localVersion", "manifestHash"].concat(
        ["contentId", "path", "message", "hint", "reason", "warnings", "sources", "game_id", "content_id"],
        ["manifest_hash", "party", "gamesDir", "networkProblem"],
      ),
    );
    const seen = new Map<string, Set<string>>();
    const look = (value: unknown, field: string): void => {
      if (typeof value === "string") {
        const words = seen.get(field) ?? new Set();
        seen.set(field, words.add(value));
      } else if (Array.isArray(value)) {
        for (const item of value) look(item, field);
      } else if (value instanceof Map) {
        for (const item of value.values()) look(item, "version");
      } else if (typeof value === "object" && value !== null) {
        for (const [name, item] of Object.entries(value)) look(item, name);
      }
    };
    const [alpha, bravo] = await startPair();
    bravo.peer.onEvent(() => look(bravo.peer.snapshot(), "snapshot"));
    await playThrough(bravo);
    await alpha.peer.stop();
    await bravo.event("peer-lost");
    look(bravo.events, "events");
    for (const [field, words] of seen) {
      const allowed = closed[field];
      if (allowed === undefined) expect([...open], `${field}: ${[...words].join(", ")}`).toContain(field);
      else for (const word of words) expect(allowed, field).toContain(word);
    }
    // Else the rule was held because nothing was said.
    for (const field of Object.keys(closed)) expect([...seen.keys()]).toContain(field);
  });
});

describe("events", () => {
  /** Of these each says everything again, so that the same one twice says nothing. */
  const WHOLE: readonly RuntimeEventType[] = [
    "local-library-changed",
    "active-operations-changed",
    "list-games",
    "peer-count-updated",
  ];

  /** Events of one type that say the same as the one before. Another revision is something else: somebody may wait for it. */
  function repeated(events: readonly RuntimeEvent[]): RuntimeEvent[] {
    return WHOLE.flatMap((type) => {
      const all = events.filter((event) => event.type === type);
      return all.filter((event, n) => n > 0 && isSame(event, all[n - 1]));
    });
  }

  const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

  it("come once where they come from: no cache behind it hides the same one twice", async () => {
    const bus = new EventBus(silentLogger);
    const heard: RuntimeEvent[] = [];
    bus.onEvent((event) => heard.push(event));
    const read = bus.events();
    const event: RuntimeEvent = { type: "active-operations-changed", operations: [] };
    for (let n = 0; n < 3; n += 1) bus.emit(event);
    bus.close();
    expect(heard).toHaveLength(3);
    const taken: RuntimeEvent[] = [];
    for await (const one of read) taken.push(one);
    expect(taken).toHaveLength(3);

    const [alpha, bravo] = await startPair();
    await playThrough(bravo);
    for (let n = 0; n < 3; n += 1) await bravo.peer.send({ type: "connect", addr: alpha.peer.addr });
    expect(repeated(bravo.events)).toEqual([]);
    expect(bravo.events.filter(({ type }) => type === "peer-discovered")).toHaveLength(1);

    // Nothing has changed: the same folder is looked through anew, again and again.
    await eventually(() => bravo.peer.snapshot().localGames.every(({ contentId }) => contentId !== null));
    const { length } = bravo.events;
    const before = bravo.peer.snapshot();
    for (let n = 0; n < 5; n += 1) {
      await bravo.peer.send({ type: "set-game-dir", path: bravo.gamesDir });
    }
    await eventuallyPasses(() => expect(bravo.peer.snapshot().localGames).toEqual(before.localGames));
    expect(repeated(bravo.events)).toEqual([]);
    expect(bravo.events.slice(length).filter(({ type }) => type === "active-operations-changed")).toEqual([]);

    // And what goes back to what it was is told both times.
    const gone = bravo.events.length;
    await rm(join(bravo.gamesDir, QUAKE), { recursive: true });
    await bravo.peer.send({ type: "set-game-dir", path: bravo.gamesDir });
    await makeGame(bravo.gamesDir, QUAKE);
    await bravo.peer.send({ type: "set-game-dir", path: bravo.gamesDir });
    const told = () =>
      bravo.events
        .slice(gone)
        .flatMap((told) => (told.type === "local-library-changed" ? [told.games.length] : []));
    await eventually(() => told().includes(1));
    expect([...new Set(told())]).toEqual([0, 1]);
  });

  it("that show the same games as before say what else has changed: what the user should know of the folder", async () => {
    const { gamesDir } = await party.folders("alpha");
    const alpha = await party.start("alpha", { discovery: null });
    const first = await alpha.event("local-library-changed");
    expect(first.warnings).toEqual([expect.stringContaining("holds no games yet")]);
    // A folder that a download has left and that is no game: the directory is empty no more, and there is no game either.
    await mkdir(join(gamesDir, QUAKE));
    await alpha.peer.send({ type: "set-game-dir", path: gamesDir });
    const second = await alpha.event("local-library-changed", (event) => event !== first);
    expect([second.games, second.warnings]).toEqual([[], []]);
    expect(repeated(alpha.events)).toEqual([]);
  });

  it("tell of operations that begin at the same moment once, and of each of them before its end", async () => {
    const { gamesDir } = await party.folders("alpha");
    for (const id of [QUAKE, DOOM]) await makeGame(gamesDir, id);
    const alpha = await party.start("alpha", { discovery: null });
    await eventually(() => alpha.peer.snapshot().localGames.length === 2);
    await Promise.all([QUAKE, DOOM].map((gameId) => alpha.peer.send({ type: "install-game", gameId })));
    for (const gameId of [QUAKE, DOOM]) {
      const end = await alpha.event("install-finished", (event) => event.gameId === gameId);
      const before = alpha.events.slice(0, alpha.events.indexOf(end));
      const listed = before.filter(
        (event) =>
          event.type === "active-operations-changed" &&
          event.operations.some((operation) => operation.gameId === gameId),
      );
      expect(listed).not.toEqual([]);
    }
    expect(repeated(alpha.events)).toEqual([]);
  });
});

import { lstat, mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { asGameId, type RuntimeEvent, type RuntimeEventType } from "@lanspread/proto";
import { eventuallyPasses } from "@lanspread/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { writeIntent } from "../../src/install/intent.ts";
import { listRoot } from "../../src/install/remove/list-root.ts";
import { writeRemovalList } from "../../src/install/remove/removal-list.ts";
import { stateDirLayout } from "../../src/storage/index.ts";
import { digested, type Member, makeGame, offered, Party } from "./party.ts";
import { patientUnpacker } from "./patient-unpacker.ts";

const QUAKE = asGameId("quake");
const DOOM = asGameId("doom");

let party: Party;

beforeEach(async () => {
  party = await Party.make();
});

afterEach(() => party[Symbol.asyncDispose]());

async function startAlpha(options: Parameters<Party["start"]>[1] = {}): Promise<Member> {
  const { gamesDir } = await party.folders("alpha");
  await makeGame(gamesDir, QUAKE);
  await makeGame(gamesDir, DOOM);
  const alpha = await party.start("alpha", { discovery: null, ...options });
  await digested(alpha);
  return alpha;
}

const STORY: ReadonlySet<RuntimeEventType> = new Set([
  "active-operations-changed",
  "local-library-changed",
  "remove-finished",
  "remove-failed",
]);

/** What an operation said, in short: kinds in brackets for operations, types for the rest. */
function story(events: readonly RuntimeEvent[]): string[] {
  return events
    .filter(({ type }) => STORY.has(type))
    .map((event) =>
      event.type === "active-operations-changed"
        ? `[${event.operations.map(({ kind }) => kind).join(", ")}]`
        : event.type,
    );
}

describe("remove-downloaded-game", () => {
  it("deletes the game's folder and tells everybody; its end event is the last thing", async () => {
    const alpha = await startAlpha();
    const bravo = await party.start("bravo", { discovery: null });
    await bravo.peer.send({ type: "connect", addr: alpha.peer.addr });
    await offered(bravo, QUAKE);
    alpha.events.length = 0;
    const next = Promise.withResolvers<unknown>();
    alpha.peer.onEvent((event) => {
      if (event.type !== "remove-finished") return;
      const { localGames, status } = alpha.peer.snapshot();
      expect(localGames.map(({ id }) => id)).toEqual([DOOM]);
      expect(status.operations).toEqual([]);
      // The next command on this game is looked at: nobody says that it is busy.
      next.resolve(alpha.peer.send({ type: "remove-downloaded-game", gameId: QUAKE }));
    });
    expect(await alpha.peer.send({ type: "remove-downloaded-game", gameId: QUAKE })).toEqual({
      accepted: true,
    });
    await expect(alpha.peer.send({ type: "install-game", gameId: QUAKE })).rejects.toMatchObject({
      code: "operation-in-progress",
      message: expect.stringContaining("removing"),
    });
    await expect(alpha.peer.send({ type: "cancel-download", gameId: QUAKE })).rejects.toMatchObject({
      code: "nothing-to-cancel",
    });
    await expect(next.promise).rejects.toMatchObject({ code: "not-downloaded" });
    const size = await alpha.event("remove-finished");
    expect(size).toMatchObject({ gameId: QUAKE, files: 2, left: 0 });
    expect(size.bytes).toBeGreaterThan(5_400_000);
    expect(story(alpha.events)).toEqual([
      "[removing]",
      "local-library-changed",
      "local-library-changed",
      "[]",
      "remove-finished",
    ]);
    expect(alpha.events.filter(({ type }) => type === "remove-progress").at(-1)).toMatchObject({
      doneFiles: 2,
      totalFiles: 2,
      doneBytes: size.bytes,
      totalBytes: size.bytes,
    });
    expect(await readdir(alpha.gamesDir)).toEqual([DOOM]);
    await eventuallyPasses(() =>
      expect(bravo.peer.snapshot().remoteGames.map(({ id }) => id)).toEqual([DOOM]),
    );
  });

  it("is refused for what is not downloaded, and for what is installed", async () => {
    const alpha = await startAlpha();
    await mkdir(join(alpha.gamesDir, "half"));
    await writeFile(join(alpha.gamesDir, "half", "half.eti"), "x");
    for (const gameId of ["half", "nobodys"].map(asGameId)) {
      await expect(alpha.peer.send({ type: "remove-downloaded-game", gameId })).rejects.toMatchObject({
        code: "not-downloaded",
      });
    }
    await alpha.peer.send({ type: "install-game", gameId: QUAKE });
    await alpha.event("install-finished");
    await expect(alpha.peer.send({ type: "remove-downloaded-game", gameId: QUAKE })).rejects.toMatchObject({
      code: "already-installed",
      hint: expect.stringContaining("Uninstall"),
    });
    expect((await readdir(alpha.gamesDir)).sort()).toEqual([DOOM, "half", QUAKE].sort());
    await alpha.peer.send({ type: "uninstall-game", gameId: QUAKE });
    await alpha.event("uninstall-finished");
    await alpha.peer.send({ type: "remove-downloaded-game", gameId: QUAKE });
    await alpha.event("remove-finished");
    expect((await readdir(alpha.gamesDir)).sort()).toEqual([DOOM, "half"].sort());
  });

  it("is refused while another operation works on the game, which goes on", async () => {
    const unpacker = patientUnpacker();
    const alpha = await startAlpha({ unpacker });
    await alpha.peer.send({ type: "install-game", gameId: QUAKE });
    await unpacker.begun;
    await expect(alpha.peer.send({ type: "remove-downloaded-game", gameId: QUAKE })).rejects.toMatchObject({
      code: "operation-in-progress",
    });
    unpacker.go();
    await alpha.event("install-finished");
  });

  it("that fails says why, and the game is served on", async () => {
    const alpha = await startAlpha();
    alpha.events.length = 0;
    // The library has not looked yet; the removal does.
    const local = join(alpha.gamesDir, QUAKE, "LOCAL");
    await writeFile(local, "the user's");
    await alpha.peer.send({ type: "remove-downloaded-game", gameId: QUAKE });
    const end = await alpha.event("remove-failed");
    // The library looks, too, and may tell of the user's file behind it.
    const events = alpha.events.slice(0, alpha.events.indexOf(end) + 1);
    expect(end).toMatchObject({
      gameId: QUAKE,
      code: "already-installed",
      message: expect.stringContaining(local),
      hint: "Uninstall it first.",
    });
    expect(story(events).slice(-2)).toEqual(["[]", "remove-failed"]);
    expect(alpha.peer.snapshot().localGames.map(({ id }) => id)).toContain(QUAKE);
  });
});

it("a peer that stops while it removes a game ends that at its next start", async () => {
  const { gamesDir } = await party.folders("alpha");
  await makeGame(gamesDir, QUAKE);
  await mkdir(join(gamesDir, QUAKE, "maps"));
  await Promise.all(
    Array.from({ length: 2_000 }, (_, index) => writeFile(join(gamesDir, QUAKE, "maps", `${index}`), "")),
  );
  const alpha = await party.start("alpha", { discovery: null });
  await alpha.event("local-library-changed");
  const stopped = Promise.withResolvers<void>();
  alpha.peer.onEvent(({ type }) => {
    if (type === "remove-progress") stopped.resolve(alpha.peer.stop());
  });
  await alpha.peer.send({ type: "remove-downloaded-game", gameId: QUAKE });
  await stopped.promise;
  const ends = alpha.events.filter(({ type }) => type === "remove-finished" || type === "remove-failed");
  expect(ends).toMatchObject([{ type: "remove-finished", gameId: QUAKE, left: expect.any(Number) }]);
  const [end] = ends;
  expect(end?.type === "remove-finished" && end.left).toBeGreaterThan(0);
  expect(await readdir(join(gamesDir, QUAKE))).not.toContain("version.ini");
  const again = await party.start("alpha", { discovery: null });
  await again.event("local-peer-ready");
  await eventuallyPasses(async () => expect(await readdir(gamesDir)).toEqual([]));
});

it("what is left of a removed game is not in the way of its download", async () => {
  const alpha = await startAlpha();
  const bravo = await party.start("bravo", { discovery: null });
  await bravo.peer.send({ type: "connect", addr: alpha.peer.addr });
  await offered(bravo, QUAKE);
  const root = join(bravo.gamesDir, QUAKE);
  await mkdir(join(root, "extras"), { recursive: true });
  await writeFile(join(root, "quake.eti"), "could not be deleted");
  const stateDir = stateDirLayout(bravo.stateDir);
  await writeIntent(stateDir, QUAKE, { operation: "removing", step: "setting-sentinel-aside", root });
  await writeRemovalList(stateDir, QUAKE, await listRoot(root));
  await bravo.peer.send({ type: "download-game-files", gameId: QUAKE, install: false });
  await bravo.event("download-finished");
  expect((await lstat(join(root, "quake.eti"))).size).toBeGreaterThan(5_000_000);
  expect(await readdir(stateDir.gameDir(QUAKE))).toEqual([]);
});

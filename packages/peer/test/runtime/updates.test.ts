import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { asGameId, type RuntimeEvent, type RuntimeEventType } from "@lanspread/proto";
import { eventually, type Rar5Entry, seededBytes, writeRar5 } from "@lanspread/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Member, Party } from "./party.ts";
import { patientUnpacker } from "./patient-unpacker.ts";

let party: Party;

beforeEach(async () => {
  party = await Party.make();
});

afterEach(() => party[Symbol.asyncDispose]());

const QUAKE = asGameId("quake");
const [OLD, NEW, NEWER] = ["20230101", "20240101", "20250101"];
const OPERATION_EVENTS: ReadonlySet<RuntimeEventType> = new Set([
  "active-operations-changed",
  "download-finished",
  "download-failed",
  "download-cancelled",
  "install-finished",
  "install-failed",
]);

function story({ events }: Member): string[] {
  return events
    .filter(({ type }) => OPERATION_EVENTS.has(type))
    .map((event: RuntimeEvent) =>
      event.type === "active-operations-changed"
        ? `[${event.operations.map(({ kind }) => kind).join(", ")}]`
        : event.type,
    );
}

/** Makes a version of the game, in the place of another one where there is one. */
async function publish(gamesDir: string, version = OLD, entries: readonly Rar5Entry[] = []): Promise<void> {
  const root = join(gamesDir, QUAKE);
  await mkdir(root, { recursive: true });
  await rm(join(root, "version.ini"), { force: true });
  await writeRar5(join(root, "quake.eti"), [
    { name: "quake.exe", content: `version ${version}` },
    { name: `maps/${version}.bsp`, content: seededBytes(Number(version), 2_000_003) },
    ...entries,
  ]);
  await writeFile(join(root, "version.ini"), `${version}\n`);
}

async function offered(member: Member, version = OLD): Promise<void> {
  await eventually(
    async () => {
      const { manifest } = await member.peer.send({ type: "fetch-latest-from-peers", gameId: QUAKE });
      return manifest.version === version && manifest.content_id !== null;
    },
    { what: `version ${version} with its digests`, deadlineMs: 90_000 },
  );
}

/** Somebody who has the game, and somebody who got it from there, installed it and played. */
async function played(options: Parameters<Party["start"]>[1] = {}): Promise<[alpha: Member, bravo: Member]> {
  const { gamesDir } = await party.folders("alpha");
  await publish(gamesDir);
  const alpha = await party.start("alpha", { discovery: null, lanes: 0 });
  const bravo = await party.start("bravo", { discovery: null, lanes: 0, ...options });
  await bravo.peer.send({ type: "connect", addr: alpha.peer.addr });
  await offered(bravo);
  await bravo.peer.send({ type: "download-game-files", gameId: QUAKE });
  await bravo.event("install-finished");
  await mkdir(localOf(bravo, "saves"));
  await writeFile(localOf(bravo, "saves/slot1.sav"), "a hundred hours");
  return [alpha, bravo];
}

function localOf({ gamesDir }: Member, ...path: string[]): string {
  return join(gamesDir, QUAKE, "local", ...path);
}

async function localFiles(member: Member): Promise<string[]> {
  return (await readdir(localOf(member), { recursive: true })).sort();
}

async function expectInstalled(member: Member, version: string | undefined): Promise<void> {
  expect(await localFiles(member)).toEqual([
    "maps",
    `maps/${version}.bsp`,
    "quake.exe",
    "saves",
    "saves/slot1.sav",
  ]);
  expect(await readFile(localOf(member, "quake.exe"), "utf8")).toBe(`version ${version}`);
  expect(await readFile(localOf(member, "saves/slot1.sav"), "utf8")).toBe("a hundred hours");
  expect((await readdir(join(member.gamesDir, QUAKE))).sort()).toEqual(["local", "quake.eti", "version.ini"]);
}

function download({ peer }: Member, more: { readonly latest?: boolean; readonly install?: boolean } = {}) {
  return peer.send({ type: "download-game-files", gameId: QUAKE, ...more });
}

describe("a newer version of an installed game", () => {
  it("is downloaded and updated in one slot, with what the user has", async () => {
    const [alpha, bravo] = await played();
    await publish(alpha.gamesDir, NEW);
    await offered(bravo, NEW);
    bravo.events.length = 0;
    await download(bravo, { latest: true });
    const { files, bytes } = await bravo.event("install-finished");
    expect([files, bytes]).toEqual([2, 2_000_003 + `version ${NEW}`.length]);
    expect(story(bravo)).toEqual([
      "[downloading]",
      "[updating]",
      "download-finished",
      "[]",
      "install-finished",
    ]);
    const phases = bravo.events.flatMap((event) => (event.type === "install-progress" ? [event.phase] : []));
    expect([...new Set(phases)]).toEqual(["checking", "unpacking", "carrying", "flushing"]);
    await expectInstalled(bravo, NEW);
    expect(bravo.peer.snapshot().localGames).toMatchObject([
      { version: NEW, downloaded: true, installed: true, availability: "ready" },
    ]);
    // The same once more changes nothing: there is nothing new.
    bravo.events.length = 0;
    await writeFile(localOf(bravo, "quake.exe"), `version ${NEW}`);
    await download(bravo, { latest: true });
    await bravo.event("download-finished");
    expect(story(bravo)).toEqual(["[downloading]", "[]", "download-finished"]);
  });

  it("is installed over the old one where it was only downloaded before", async () => {
    const [alpha, bravo] = await played();
    await expect(bravo.peer.send({ type: "install-game", gameId: QUAKE })).rejects.toMatchObject({
      code: "already-installed",
    });
    await publish(alpha.gamesDir, NEW);
    await offered(bravo, NEW);
    bravo.events.length = 0;
    await download(bravo, { latest: true, install: false });
    await bravo.event("download-finished");
    await expectInstalled(bravo, OLD);
    bravo.events.length = 0;
    await bravo.peer.send({ type: "install-game", gameId: QUAKE });
    await bravo.event("install-finished");
    expect(story(bravo)).toEqual(["[updating]", "[]", "install-finished"]);
    await expectInstalled(bravo, NEW);
    await expect(bravo.peer.send({ type: "install-game", gameId: QUAKE })).rejects.toMatchObject({
      code: "already-installed",
    });
  });

  it("whose archive is corrupt leaves the old one with its saved games, and the next one mends it", async () => {
    const [alpha, bravo] = await played();
    await publish(alpha.gamesDir, NEW, [{ name: "broken", content: "broken", damage: "data" }]);
    await offered(bravo, NEW);
    bravo.events.length = 0;
    await download(bravo, { latest: true });
    expect(await bravo.event("install-failed")).toMatchObject({
      code: "archive-damaged",
      message: expect.stringContaining("broken"),
    });
    expect(story(bravo).slice(-2)).toEqual(["[]", "install-failed"]);
    await expectInstalled(bravo, OLD);
    // What was downloaded is kept. It is tried again, not taken for installed.
    bravo.events.length = 0;
    await download(bravo);
    expect(await bravo.event("install-failed")).toMatchObject({ code: "archive-damaged" });
    await expectInstalled(bravo, OLD);
    await publish(alpha.gamesDir, NEWER);
    await offered(bravo, NEWER);
    bravo.events.length = 0;
    await download(bravo, { latest: true });
    await bravo.event("install-finished");
    await expectInstalled(bravo, NEWER);
  });

  it("is refused to others while it is updated, and can be cancelled: the old one comes back", async () => {
    const unpacker = patientUnpacker();
    const [alpha, bravo] = await played();
    await publish(alpha.gamesDir, NEW);
    await offered(bravo, NEW);
    await bravo.peer.stop();
    const again = await party.start("bravo", { discovery: null, lanes: 0, unpacker });
    await again.peer.send({ type: "connect", addr: alpha.peer.addr });
    await offered(again, NEW);
    again.events.length = 0;
    await download(again, { latest: true });
    await unpacker.begun;
    await expect(again.peer.send({ type: "uninstall-game", gameId: QUAKE })).rejects.toMatchObject({
      code: "operation-in-progress",
      message: expect.stringContaining("updating"),
    });
    expect(again.peer.snapshot().games).toMatchObject([{ operation: "updating" }]);
    await again.peer.send({ type: "cancel-download", gameId: QUAKE });
    await again.event("download-cancelled");
    await expectInstalled(again, OLD);
    unpacker.go();
    await again.peer.send({ type: "install-game", gameId: QUAKE });
    await again.event("install-finished");
    await expectInstalled(again, NEW);
  });

  it("is put right when the peer stopped in the middle of the update", async () => {
    const [alpha, bravo] = await played();
    await publish(alpha.gamesDir, NEW);
    await offered(bravo, NEW);
    await bravo.peer.stop();
    const unpacker = patientUnpacker();
    const again = await party.start("bravo", { discovery: null, lanes: 0, unpacker });
    await again.peer.send({ type: "connect", addr: alpha.peer.addr });
    await offered(again, NEW);
    await download(again, { latest: true });
    await unpacker.begun;
    await again.peer.stop();
    await expectInstalled(again, OLD);
    const last = await party.start("bravo", { discovery: null, lanes: 0 });
    await last.event("local-library-changed");
    expect(last.peer.snapshot().localGames).toMatchObject([{ version: NEW, installed: true }]);
    await last.peer.send({ type: "install-game", gameId: QUAKE });
    await last.event("install-finished");
    await expectInstalled(last, NEW);
  });
});

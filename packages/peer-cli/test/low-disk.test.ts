import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { seededBytes } from "@lanspread/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runCli } from "./support/cli.ts";
import { makeGame } from "./support/games.ts";
import { makePlace, type PeerPlace, type Place } from "./support/place.ts";
import { PATIENT, until } from "./support/test-harness.ts";

const LEVEL = seededBytes(1, 3_000_000);
const ENTRIES = [
  { name: "quake.exe", content: "the game" },
  { name: "maps/e1m1.bsp", content: LEVEL },
];

let place: Place;
let attic: PeerPlace;
let me: PeerPlace;

beforeEach(async () => {
  place = await makePlace();
  [attic, me] = [await place.peer("attic"), await place.peer("me")];
});

afterEach(() => place[Symbol.asyncDispose]());

describe("lanspread get --low-disk", () => {
  it("installs a game without its archives, and says what came from whom", async () => {
    await makeGame(attic.games, "quake3", { entries: ENTRIES });
    await place.harness(attic);
    const { code, stdout, stderr } = await runCli(["get", "quake3", "--low-disk", ...PATIENT, ...me.args]);
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/^got quake3 {2}2\.9 MiB, .*\/s, all from attic, 2 files installed$/m);
    const root = join(me.games, "quake3");
    expect(await readdir(root)).toEqual(["local"]);
    expect((await readdir(join(root, "local"), { recursive: true })).sort()).toEqual([
      "maps",
      "maps/e1m1.bsp",
      "quake.exe",
    ]);
    expect((await readFile(join(root, "local/maps/e1m1.bsp"))).equals(LEVEL)).toBe(true);

    const again = await runCli(["get", "quake3", "--low-disk", ...PATIENT, ...me.args]);
    expect(again.code).toBe(1);
    expect(again.stderr).toContain("quake3 is installed already");
  });

  it("tells programs the same in JSON", async () => {
    await makeGame(attic.games, "quake3", { entries: ENTRIES });
    await place.harness(attic);
    const { code, stdout, stderr } = await runCli([
      "get",
      "quake3",
      "--low-disk",
      "--json",
      ...PATIENT,
      ...me.args,
    ]);
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      games: [{ game_id: "quake3", outcome: "done", bytes: 3_000_008, installed_files: 2 }],
    });
  });

  it("sends who has the download to install", async () => {
    await makeGame(attic.games, "quake3", { entries: ENTRIES });
    await makeGame(me.games, "quake3", { entries: ENTRIES });
    await place.harness(attic);
    const { code, stderr } = await runCli(["get", "quake3", "--low-disk", ...PATIENT, ...me.args]);
    expect(code).toBe(1);
    expect(stderr).toContain("quake3 is downloaded: it is installed from this disk.");
    expect(stderr).toContain("Install it from the own disk.");
    expect((await readdir(join(me.games, "quake3"))).sort()).toEqual(["quake3.eti", "version.ini"]);
  });

  it("finds nothing where nobody has the game, and makes nothing", async () => {
    await place.harness(attic);
    const { code, stderr } = await runCli(["get", "quake3", "--low-disk", "--wait", "1", ...me.args]);
    expect(code, stderr).toBe(3);
    expect(await readdir(me.games)).toEqual([]);
  });

  it("fails with what each source said, and leaves nothing", async () => {
    const root = await makeGame(attic.games, "quake3", { entries: ENTRIES });
    const archive = await readFile(join(root, "quake3.eti"));
    archive[archive.length - 1000] = (archive[archive.length - 1000] ?? 0) ^ 1;
    await writeFile(join(root, "quake3.eti"), archive);
    await place.harness(attic);
    const { code, stderr } = await runCli(["get", "quake3", "--low-disk", ...PATIENT, ...me.args]);
    expect(code, stderr).toBe(1);
    expect(stderr).toContain("No source has sent quake3 to its end. attic: ");
    expect(await readdir(me.games)).toEqual([]);
  });
});

it("stream-install at the harness is accepted, and ends in one event", async () => {
  await makeGame(attic.games, "quake3", { entries: ENTRIES });
  await place.harness(attic);
  const harness = await place.harness(me);
  await until("the game to be offered", async () => {
    const answer = await harness.ask({ cmd: "list-games" });
    return JSON.stringify(answer).includes('"peer_count":1');
  });
  expect(await harness.ask({ cmd: "stream-install", game_id: "quake3" })).toMatchObject({
    type: "result",
    data: { accepted: true },
  });
  expect((await harness.event("stream-install-finished")).data).toMatchObject({
    game_id: "quake3",
    files: 2,
    bytes: 3_000_008,
    retried: 0,
  });
  expect(await harness.ask({ cmd: "stream-install", game_id: "quake3" })).toMatchObject({
    type: "error",
    code: "already-installed",
  });
});

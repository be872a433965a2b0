import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Rar5Entry } from "@lanspread/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type CliResult, runCli } from "./support/cli.ts";
import { makeGame } from "./support/games.ts";
import { makePlace, type PeerPlace, type Place } from "./support/place.ts";
import { DEADLINE_MS, until } from "./support/test-harness.ts";

const OLD = "20230101";
const NEW = "20240101";

/** Longer than the default: a busy machine needs it to start the peer, and to hear of the others. */
const PATIENT = ["--wait", "10"] as const;

let place: Place;
let attic: PeerPlace;
let me: PeerPlace;

beforeEach(async () => {
  place = await makePlace();
  [attic, me] = [await place.peer("attic"), await place.peer("me")];
});

afterEach(() => place[Symbol.asyncDispose]());

function entries(version: string, more: readonly Rar5Entry[] = []): Rar5Entry[] {
  return [
    { name: "quake.exe", content: `version ${version}` },
    { name: `maps/${version}.bsp`, content: "a".repeat(50_000) },
    ...more,
  ];
}

/** The old version of a game at me, installed and played; the new one at the others. */
async function played(id: string, more: readonly Rar5Entry[] = []): Promise<void> {
  await makeGame(me.games, id, { version: OLD, entries: entries(OLD) });
  const installed = await runCli(["install", id, ...me.args]);
  expect(installed.code, installed.stderr).toBe(0);
  await mkdir(localOf(id, "saves"));
  await writeFile(localOf(id, "saves", "slot1"), "a hundred hours");
  await makeGame(attic.games, id, { version: NEW, entries: entries(NEW, more) });
}

function localOf(id: string, ...path: string[]): string {
  return join(me.games, id, "local", ...path);
}

async function expectInstalled(id: string, version: string): Promise<void> {
  expect((await readdir(localOf(id), { recursive: true })).sort()).toEqual([
    "maps",
    `maps/${version}.bsp`,
    "quake.exe",
    "saves",
    "saves/slot1",
  ]);
  expect(await readFile(localOf(id, "quake.exe"), "utf8")).toBe(`version ${version}`);
  expect(await readFile(localOf(id, "saves", "slot1"), "utf8")).toBe("a hundred hours");
}

/** Somebody who has the new versions, and knows their digests. */
async function startAttic(...ids: string[]): Promise<void> {
  const harness = await place.harness(attic);
  for (const id of ids) {
    await until(`the digests of ${id}`, async () => {
      const answer = await harness.ask({ cmd: "get-game", game_id: id });
      return answer.type === "result" && JSON.stringify(answer.data).includes('"content_id":"');
    });
  }
}

function update(...args: string[]): Promise<CliResult> {
  return runCli(["update", ...args, ...me.args]);
}

describe("lanspread update", () => {
  it(
    "without ids fetches what somebody has in a newer version, and installs what was installed",
    async () => {
      await played("quake3");
      await makeGame(me.games, "doom", { version: OLD, files: { "doom.wad": 10_000 } });
      await makeGame(attic.games, "doom", { version: NEW, files: { "doom.wad": 20_000 } });
      // The same here and there, and one that is not here.
      for (const { games } of [attic, me]) await makeGame(games, "same", { files: { "same.dat": 1_000 } });
      await makeGame(attic.games, "foreign", { files: { "foreign.dat": 1_000 } });
      await startAttic("quake3", "doom");
      const { code, stdout, stderr } = await update(...PATIENT);
      expect(code, stderr).toBe(0);
      const lines = stdout.split("\n");
      expect(lines).toEqual([
        expect.stringMatching(/^updated doom {2}19\.5 KiB, .*all from attic$/),
        expect.stringMatching(/^updated quake3 {2}.*all from attic, 2 files installed/),
        "",
      ]);
      expect(stderr).toContain("quake3: 2023.01.01 is here, 2024.01.01 is there");
      expect(stderr).not.toContain("same");
      await expectInstalled("quake3", NEW);
      expect((await readdir(me.games)).sort()).toEqual(["doom", "quake3", "same"]);
      expect((await readdir(join(me.games, "doom"))).sort()).toEqual(["doom.wad", "version.ini"]);
      expect((await readFile(join(me.games, "doom", "doom.wad"))).length).toBe(20_000);

      const again = await update();
      expect([again.code, again.stdout]).toEqual([0, ""]);
      expect(again.stderr).toContain("everything that is here is up to date");
      expect(again.stderr).not.toContain("at nobody else");
      const named = await update("quake3", "doom");
      expect([named.code, named.stdout]).toEqual([0, "up to date quake3\nup to date doom\n"]);
    },
    4 * DEADLINE_MS,
  );

  it(
    "leaves the old install with its saved games where the new archive is corrupt, and tries again the next time",
    async () => {
      await played("quake3", [{ name: "broken", content: "broken", damage: "data" }]);
      await startAttic("quake3");
      const first = await update("quake3", ...PATIENT);
      expect(first.code).toBe(1);
      expect(first.stderr).toContain("(archive-damaged)");
      await expectInstalled("quake3", OLD);
      expect(await readFile(join(me.games, "quake3", "version.ini"), "utf8")).toBe(`${NEW}\n`);
      // Nothing newer is to be had, but what is here is not what is installed.
      const again = await update("quake3", "--json");
      expect(again.code).toBe(1);
      expect(JSON.parse(again.stdout)).toMatchObject({
        games: [{ game_id: "quake3", outcome: "failed", error: { code: "archive-damaged" } }],
      });
      await expectInstalled("quake3", OLD);
    },
    3 * DEADLINE_MS,
  );

  it(
    "says where nobody is there who could have a newer version",
    async () => {
      for (const id of ["doom", "quake3"]) await makeGame(me.games, id, { files: { "a.dat": 1_000 } });
      const alone = await update("doom", "--wait", "0");
      expect([alone.code, alone.stdout]).toEqual([0, "up to date doom\n"]);
      expect(alone.stderr).toContain(
        "doom: at nobody else now, so it is not known whether there is a newer version",
      );
      const all = await update("--wait", "0");
      expect([all.code, all.stdout]).toEqual([0, ""]);
      expect(all.stderr).toContain("2 games: at nobody else now");
    },
    2 * DEADLINE_MS,
  );

  it(
    "refuses what is not here, with the remedy, and goes on with the others",
    async () => {
      await played("quake3");
      await makeGame(attic.games, "foreign", { files: { "foreign.dat": 1_000 } });
      await startAttic("quake3");
      const { code, stdout, stderr } = await update("foreign", "nowhere", "quake3", "--json", ...PATIENT);
      expect(code).toBe(1);
      expect(stderr).toContain("`lanspread get foreign` downloads the newest version.");
      expect(JSON.parse(stdout)).toMatchObject({
        games: [
          { game_id: "foreign", outcome: "failed", error: { code: "not-downloaded" } },
          { game_id: "nowhere", outcome: "failed", error: { code: "unknown-game" } },
          { game_id: "quake3", outcome: "done", installed_files: 2 },
        ],
      });
      await expectInstalled("quake3", NEW);
      expect(await readdir(me.games)).toEqual(["quake3"]);
      const current = await update("quake3", "--json");
      expect(JSON.parse(current.stdout)).toEqual({
        games: [{ game_id: "quake3", outcome: "done", up_to_date: true }],
      });
    },
    3 * DEADLINE_MS,
  );

  it("says that nothing is here to be updated, and what is no id", async () => {
    const { code, stderr } = await update("--wait", "0");
    expect([code, stderr]).toEqual([3, expect.stringContaining("no game is downloaded here")]);
    expect((await update("No Game")).code).toBe(2);
    expect((await runCli(["update", "--help"])).stdout).toContain("Examples:");
  });

  it(
    "uses the peer that runs here",
    async () => {
      await played("quake3");
      await startAttic("quake3");
      const mine = await place.harness(me);
      await until("the new version", async () => {
        const answer = await mine.ask({ cmd: "list-games" });
        return answer.type === "result" && JSON.stringify(answer.data).includes(`"version":"${NEW}"`);
      });
      const { code, stdout, stderr } = await update("quake3");
      expect(code, stderr).toBe(0);
      expect(stdout).toMatch(/^updated quake3 /);
      await expectInstalled("quake3", NEW);
      const kinds = mine
        .events("active-operations-changed")
        .flatMap(({ data }) => (data["operations"] as { kind: string }[]).map(({ kind }) => kind));
      expect(kinds).toEqual(["downloading", "updating"]);
    },
    3 * DEADLINE_MS,
  );
});

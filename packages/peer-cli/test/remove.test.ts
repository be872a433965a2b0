import { existsSync } from "node:fs";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type CliResult, type RunningCli, runCli, startCli } from "./support/cli.ts";
import { makeGame } from "./support/games.ts";
import { makePlace, type PeerPlace, type Place } from "./support/place.ts";
import { noTerminal, ON_A_TERMINAL, TERMINAL_ENV } from "./support/terminal.ts";
import { DEADLINE_MS, startTestHarness, until } from "./support/test-harness.ts";

const MIB = 1_048_576;

let place: Place;
let me: PeerPlace;

beforeEach(async () => {
  place = await makePlace();
  me = await place.peer("me");
  await makeGame(me.games, "quake3", { files: { "data.pak": MIB, "extras/manual.txt": 100 } });
  await makeGame(me.games, "doom", { files: { "doom.wad": MIB } });
});

afterEach(() => place[Symbol.asyncDispose]());

describe("lanspread remove", () => {
  it("deletes the folders of downloaded games, and says how much that was", async () => {
    await writeFile(join(me.games, "doom", ".softlan_game_installed"), "another program's");
    const { code, stdout, stderr } = await runCli(["remove", "quake3", "doom", "--yes", ...me.args]);
    expect(code, stderr).toBe(0);
    expect(stdout).toBe("removed quake3  2 files, 1.0 MiB\nremoved doom  1 file, 1.0 MiB\n");
    expect(await readdir(me.games)).toEqual(["doom"]);
    expect(await readdir(join(me.games, "doom"))).toEqual([".softlan_game_installed"]);
  });

  it("prints one JSON document for programs", async () => {
    const { code, stdout, stderr } = await runCli(["remove", "doom", "-y", "--json", ...me.args]);
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      games: [{ game_id: "doom", outcome: "done", removed_files: 1, removed_bytes: MIB, left: 0 }],
    });
  });

  it("refuses an installed game with the remedy, and goes on with the others", async () => {
    await mkdir(join(me.games, "quake3", "local"));
    const { code, stdout, stderr } = await runCli(["remove", "quake3", "doom", "--yes", ...me.args]);
    expect(code).toBe(1);
    expect(stderr).toContain("(already-installed)");
    expect(stderr).toContain("Uninstall it first.");
    expect(stdout).toBe("removed doom  1 file, 1.0 MiB\n");
    expect((await readdir(join(me.games, "quake3"))).sort()).toEqual([
      "data.pak",
      "extras",
      "local",
      "version.ini",
    ]);
  });

  it("refuses what is not downloaded", async () => {
    await mkdir(join(me.games, "half"));
    const { code, stderr } = await runCli(["remove", "half", "--yes", ...me.args]);
    expect(code).toBe(1);
    expect(stderr).toContain("(not-downloaded)");
    expect(await readdir(me.games)).toContain("half");
  });

  it("does nothing where there is no terminal to ask at, and says what to add", async () => {
    const { code, stderr, stdout } = await runCli(["remove", "doom", ...me.args], { input: "y\n" });
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("Add --yes to delete without being asked.");
    expect(existsSync(join(me.games, "doom", "version.ini"))).toBe(true);
  });

  it("asks the peer that runs here", async () => {
    const running = startTestHarness(me.args);
    await running.event("local-library-changed");
    const { code, stderr } = await runCli(["remove", "doom", "--yes", ...me.args]);
    expect(code, stderr).toBe(0);
    expect((await running.event("remove-finished")).data).toMatchObject({ game_id: "doom", files: 1 });
    await running.close();
    expect(await readdir(me.games)).toEqual(["quake3"]);
  });
});

describe.skipIf(noTerminal !== undefined)(
  `lanspread remove on a terminal${noTerminal === undefined ? "" : ` (skipped: ${noTerminal})`}`,
  () => {
    const QUESTION = "Delete 2 games (doom, quake3; 2.0 MiB) from ";

    async function answer(typed: string): Promise<CliResult> {
      const cli: RunningCli = startCli(["remove", "quake3", "doom", ...me.args], {
        env: TERMINAL_ENV,
        inFront: ON_A_TERMINAL,
      });
      try {
        await until("the question", () => cli.stdout().includes("[y/N]"));
        expect(cli.stdout()).toContain(QUESTION);
        cli.child.stdin.write(typed);
        return await cli.ended;
      } finally {
        cli.child.kill("SIGKILL");
      }
    }

    it.each([
      ["an empty line", "\r"],
      ["no", "no\r"],
      ["the end of the input", "\u0004"],
      ["Ctrl+C", "\u0003"],
    ])(
      "keeps everything at %s",
      async (_, typed) => {
        const { code, stdout } = await answer(typed);
        expect(code, stdout).toBe(4);
        expect((await readdir(me.games)).sort()).toEqual(["doom", "quake3"]);
        expect(existsSync(join(me.games, "doom", "version.ini"))).toBe(true);
      },
      3 * DEADLINE_MS,
    );

    it(
      "deletes them at y",
      async () => {
        const { code, stdout } = await answer("y\r");
        expect(code, stdout).toBe(0);
        expect(stdout).toContain("removed quake3  2 files, 1.0 MiB");
        expect(await readdir(me.games)).toEqual([]);
      },
      3 * DEADLINE_MS,
    );

    it(
      "does not ask about what is refused anyway",
      async () => {
        await mkdir(join(me.games, "doom", "local"));
        const cli = startCli(["remove", "doom", ...me.args], { env: TERMINAL_ENV, inFront: ON_A_TERMINAL });
        const { code, stdout } = await cli.ended;
        expect(code, stdout).toBe(1);
        expect(stdout).toContain("(already-installed)");
        expect(stdout).not.toContain("[y/N]");
      },
      3 * DEADLINE_MS,
    );
  },
);

import { chmod, mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { temporaryDirectory } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { MAX_WARNINGS } from "../../src/library/constants.ts";
import { asNobody } from "../storage/as-nobody.ts";
import { BF1942, createRig, expectedContentId, GAME, GGOO, writeFiles } from "./support.ts";

describe("the games directory", () => {
  it.each<[string, string, (path: string) => Promise<unknown>]>([
    ["missing", "no-such-directory", async () => {}],
    ["a file", "not-a-directory", (path) => writeFile(path, "x")],
    ["below a file", "not-a-directory", (path) => writeFile(join(path, ".."), "x")],
    ["a link to itself", "no-such-directory", (path) => symlink("games", path)],
  ])("that is %s is a problem with a name and a remedy, until it is mended", async (kind, code, make) => {
    await using dir = await temporaryDirectory();
    const gamesDir = kind === "below a file" ? dir.join("file", "games") : dir.join("games");
    await make(gamesDir);
    await using rig = await createRig({}, { gamesDir });
    await rig.library.start();
    const { problem } = rig.library.state();
    expect(problem).toMatchObject({ code, hint: expect.stringMatching(/./u) });
    expect(problem?.message).toContain(gamesDir);
    expect(rig.library.snapshot().games).toEqual([]);
    await rm(dir.path, { recursive: true });
    await writeFiles(join(gamesDir, "ggoo"), GAME);
    await rig.library.rescanAll();
    expect(rig.library.state().problem).toBeNull();
    expect(rig.library.snapshot().games.map((game) => game.id)).toEqual(["ggoo"]);
  });

  it("that is being put right is not looked into meanwhile, whoever asks for it", async () => {
    let mended = Promise.resolve();
    let begun = (): void => {};
    const recover = (): Promise<void> => {
      begun();
      return mended;
    };
    await using rig = await createRig({ ggoo: GAME }, { recover });
    await rig.library.start();
    await rig.library.hashed();
    const { looks } = rig.library.state();
    const { promise, resolve } = Promise.withResolvers<void>();
    const recovering = Promise.withResolvers<void>();
    [mended, begun] = [promise, recovering.resolve];
    await rename(rig.gamesDir, rig.dir.join("away"));
    await writeFiles(join(rig.gamesDir, "ggoo"), { ...GAME, "version.ini": "92" });
    const scanned = rig.library.rescanAll();
    await recovering.promise;
    const looked = rig.library.rescan(GGOO);
    for (let turns = 0; turns < 10; turns++) await setImmediate();
    expect(rig.library.state().looks).toBe(looks);
    resolve();
    await Promise.all([scanned, looked]);
    expect(rig.library.state().looks).toBeGreaterThan(looks);
    expect(rig.library.snapshot().games[0]?.version).toBe("92");
  });

  it("with thousands of folders that are no games says so of some, and how many more there are", async () => {
    await using rig = await createRig({ ggoo: GAME });
    const names = Array.from({ length: 3 * MAX_WARNINGS }, (_, n) => join(rig.gamesDir, `My Game ${n + 10}`));
    for (const name of names) await mkdir(name);
    await rig.library.start();
    const { warnings } = rig.library.state();
    expect(warnings).toHaveLength(MAX_WARNINGS + 1);
    for (const [n, warning] of warnings.slice(0, -1).entries()) expect(warning).toContain(names[n]);
    expect(warnings.at(-1)).toBe(`and ${2 * MAX_WARNINGS} more folders and links that are no games`);
    expect(rig.library.snapshot().games.map(({ id }) => id)).toEqual(["ggoo"]);
  });

  it("that is empty is said to be", async () => {
    await using rig = await createRig();
    await rig.library.start();
    expect(rig.library.state()).toMatchObject({
      problem: null,
      warnings: [expect.stringContaining(rig.gamesDir)],
    });
  });

  it.skipIf(process.platform === "win32")(
    "that may not be read is a problem; a game that may not be read is a warning",
    async () => {
      await using rig = await createRig({ ggoo: GAME, bf1942: GAME });
      for (const path of [rig.dir.path, rig.stateDir.root, rig.stateDir.libraryDir]) await chmod(path, 0o777);
      await chmod(join(rig.gamesDir, "ggoo"), 0);
      await asNobody(() => rig.library.start());
      expect(rig.library.localGames().find((game) => game.id === "ggoo")).toMatchObject({
        downloaded: false,
        warnings: [expect.stringContaining(join(rig.gamesDir, "ggoo"))],
      });
      expect(rig.library.snapshot().games.map((game) => game.id)).toEqual(["bf1942"]);
      await chmod(rig.gamesDir, 0);
      await asNobody(() => rig.library.rescanAll());
      expect(rig.library.state().problem).toMatchObject({ code: "no-permission" });
      await chmod(rig.gamesDir, 0o755);
      await chmod(join(rig.gamesDir, "ggoo"), 0o755);
      await rig.library.rescanAll();
      expect(rig.library.snapshot().games.map((game) => game.id)).toEqual(["bf1942", "ggoo"]);
    },
  );

  it.skipIf(process.platform === "win32")(
    "with a game that may not be read for a while keeps what is known of it on disk",
    async () => {
      await using rig = await createRig({ ggoo: GAME });
      await rig.library.start();
      await rig.library.hashed();
      const before = rig.library.snapshot();
      for (const path of [rig.dir.path, rig.stateDir.root, rig.stateDir.libraryDir]) await chmod(path, 0o777);
      await chmod(join(rig.gamesDir, "ggoo"), 0);
      await asNobody(() => rig.library.rescanAll());
      expect(rig.library.snapshot().games).toEqual([]);
      await chmod(join(rig.gamesDir, "ggoo"), 0o755);
      await using again = await rig.restart();
      again.library.setHashingPaused(true);
      await again.library.start();
      expect(again.library.snapshot().games).toEqual(before.games);
    },
  );

  it("that comes back has its games without hashing them again", async () => {
    await using rig = await createRig({ ggoo: GAME });
    await rig.library.start();
    await rig.library.hashed();
    const before = rig.library.snapshot();
    await rename(rig.gamesDir, rig.dir.join("unplugged"));
    await rig.library.rescanAll();
    expect(rig.library.snapshot().games).toEqual([]);
    rig.library.setHashingPaused(true);
    await rename(rig.dir.join("unplugged"), rig.gamesDir);
    await rig.library.rescanAll();
    expect(rig.library.snapshot().games).toEqual(before.games);
  });

  it("can be changed, but not to one that is none", async () => {
    await using rig = await createRig({ ggoo: GAME });
    await rig.library.start();
    await expect(rig.library.setGamesDir(rig.dir.join("none"))).rejects.toMatchObject({
      code: "no-such-directory",
    });
    expect(rig.library.snapshot().games.map((game) => game.id)).toEqual(["ggoo"]);
    await writeFiles(rig.dir.join("other", "bf1942"), GAME);
    await rig.library.setGamesDir(rig.dir.join("other"));
    expect(rig.library.state().gamesDir).toBe(rig.dir.join("other"));
    expect(rig.library.snapshot().games.map((game) => game.id)).toEqual(["bf1942"]);
    await rig.library.hashed();
    expect(rig.library.snapshot().games[0]?.content_id).toBe(
      await expectedContentId(rig.library, rig.dir.join("other"), BF1942),
    );
  });

  it("that changes while it is scanned ends with the games of the new one alone", async () => {
    await using rig = await createRig(
      Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`old${n}`, GAME])),
    );
    await writeFiles(rig.dir.join("other", "bf1942"), GAME);
    const start = rig.library.start();
    const change = rig.library.setGamesDir(rig.dir.join("other"));
    await Promise.all([start, change]);
    expect(rig.library.localGames().map((game) => game.id)).toEqual(["bf1942"]);
    await rig.library.rescanAll();
    expect(rig.library.localGames().map((game) => game.id)).toEqual(["bf1942"]);
  });

  it("that changes takes its games away at once, not when the new one was looked through", async () => {
    await using rig = await createRig({ ggoo: GAME });
    await writeFiles(rig.dir.join("other", "bf1942"), GAME);
    await rig.library.start();
    const change = rig.library.setGamesDir(rig.dir.join("other"));
    while (rig.library.state().gamesDir === rig.gamesDir) await setImmediate();
    expect(rig.library.localGames().map((game) => game.id)).not.toContain("ggoo");
    expect(rig.library.manifestOf(GGOO)).toBeUndefined();
    await change;
    expect(rig.library.localGames().map((game) => game.id)).toEqual(["bf1942"]);
  });

  it("that changes while a game of it is looked at is not joined by that game later", async () => {
    const files = Array.from({ length: 2_000 }, (_, n) => [`data/${n}`, ""] as const);
    await using rig = await createRig({ ggoo: { ...GAME, ...Object.fromEntries(files) } });
    await mkdir(rig.dir.join("other"));
    await rig.library.start();
    const { walks } = rig.library.state();
    await writeFiles(join(rig.gamesDir, "ggoo"), { "data/new": "x" });
    const rescan = rig.library.rescan(GGOO, { walk: true });
    while (rig.library.state().walks === walks) await setImmediate();
    await rig.library.setGamesDir(rig.dir.join("other"));
    await rescan;
    expect(rig.library.localGames()).toEqual([]);
    expect(rig.library.snapshot().games).toEqual([]);
  });
});

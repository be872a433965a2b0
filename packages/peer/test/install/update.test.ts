import {
  chmod,
  chown,
  link,
  mkdir,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { seededBytes } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import {
  type InstallProgress,
  readInstalledList,
  recoverInstalls,
  type UpdateStep,
} from "../../src/install/index.ts";
import { asNobody } from "../storage/as-nobody.ts";
import { createGame, failure, install, MTIME } from "./installing.ts";
import { GGOO, namesIn, tree, writeFiles } from "./support.ts";
import { createPlayed, download, localOf, NEW, OLD, update } from "./updating.ts";

/** `nobody`, as whom {@link asNobody} works. */
const NOBODY = 65_534;
const CHANGED = "files that the user had made or changed gave way to those of the new version";

describe.concurrent("updating", () => {
  it("brings the new version, keeps what is the user's, and leaves nothing else behind", async () => {
    await using rig = await createPlayed();
    await writeFiles(rig.stateDir.gameDir(GGOO), { launch_settings_applied: "", setup_done: "" });
    const seen: InstallProgress[] = [];
    const result = await update(rig, { onProgress: (progress) => seen.push(progress) });
    expect(result).toEqual({ files: 4, bytes: 500_021, carried: 2 });
    expect(Object.keys(await tree(localOf(rig)))).toEqual([
      "data/",
      "data/level.bin",
      "data/level2.bin",
      "game.exe",
      "keys.ini",
      "options.ini",
      "saves/",
      "saves/slot1.sav",
    ]);
    expect((await readFile(localOf(rig, "data/level.bin"))).equals(seededBytes(3, 300_000))).toBe(true);
    expect(await readFile(localOf(rig, "game.exe"), "utf8")).toBe("the new game");
    // The new version brings it: the user's change is gone, and that is told.
    expect(await readFile(localOf(rig, "options.ini"), "utf8")).toBe("sound=off");
    expect(rig.log.filter(({ level }) => level === "warn")).toMatchObject([
      { message: CHANGED, fields: { files: 1, paths: ["options.ini"] } },
    ]);
    expect(await readFile(localOf(rig, "keys.ini"), "utf8")).toBe("jump=enter");
    expect(await readFile(localOf(rig, "saves/slot1.sav"), "utf8")).toBe("a hundred hours");
    expect(await namesIn(rig.root)).toEqual(["a.eti", "local", "version.ini"]);
    expect(await namesIn(rig.stateDir.gameDir(GGOO))).toEqual(["installed.json", "setup_done"]);
    expect(await readInstalledList(rig.stateDir, GGOO)).toMatchObject({
      version: "20200101",
      files: NEW.map(({ name }) => ({ path: name })),
    });
    expect([...new Set(seen.map(({ phase }) => phase))]).toEqual([
      "checking",
      "unpacking",
      "carrying",
      "flushing",
    ]);
  });

  it("once more keeps the user's files again, and only them", async () => {
    await using rig = await createPlayed();
    await update(rig);
    await download(rig, [{ name: "game.exe", content: "newer", mtime: MTIME }], "2021.01.01");
    expect(await update(rig)).toMatchObject({ files: 1, carried: 2 });
    expect(Object.keys(await tree(localOf(rig)))).toEqual([
      "game.exe",
      "keys.ini",
      "saves/",
      "saves/slot1.sav",
    ]);
  });

  it("tells a file that the user changed by its bytes, where size and time are not enough", async () => {
    await using rig = await createPlayed({ users: {}, new: [{ name: "new", content: "new" }] });
    const now = new Date("2020-02-02T02:02:02Z");
    // Of the same size and another time: only one of them has other bytes.
    await writeFile(localOf(rig, "keys.ini"), "jump=enter".slice(0, "jump=space".length));
    await utimes(localOf(rig, "keys.ini"), now, now);
    await utimes(localOf(rig, "game.exe"), now, now);
    expect(await update(rig)).toMatchObject({ carried: 1 });
    expect(Object.keys(await tree(localOf(rig)))).toEqual(["keys.ini", "new"]);
  });

  it("carries times, permissions, empty directories and sparse files as they are", async () => {
    await using rig = await createPlayed({ users: { "mine/deep/run.sh": "#!/bin/sh\n" } });
    await mkdir(localOf(rig, "screenshots"));
    await chmod(localOf(rig, "screenshots"), 0o700);
    await chmod(localOf(rig, "mine"), 0o500);
    await chmod(localOf(rig, "mine/deep/run.sh"), 0o750);
    await utimes(localOf(rig, "mine/deep/run.sh"), MTIME, MTIME);
    await writeFile(localOf(rig, "big.sav"), "");
    await truncate(localOf(rig, "big.sav"), 50_000_000_000);
    await update(rig);
    const run = await stat(localOf(rig, "mine/deep/run.sh"));
    expect([run.mode & 0o777, run.mtimeMs]).toEqual([0o750, MTIME.getTime()]);
    // Whoever owns it can go on working in it, and delete it one day.
    expect((await stat(localOf(rig, "mine"))).mode & 0o777).toBe(0o700);
    const screenshots = await stat(localOf(rig, "screenshots"));
    expect([screenshots.isDirectory(), screenshots.mode & 0o777]).toEqual([true, 0o700]);
    const big = await stat(localOf(rig, "big.sav"));
    expect([big.size, big.blocks < 100]).toEqual([50_000_000_000, true]);
  });

  it("carries links as links, and never follows them", async () => {
    await using rig = await createPlayed({ users: {} });
    await writeFiles(rig.place.path, { "outside/precious": "the user's" });
    const outside = rig.place.join("outside");
    await symlink(outside, localOf(rig, "mods"));
    await symlink("nowhere", localOf(rig, "broken"));
    // The new version has a directory here, in which it must not write through the link.
    await rm(localOf(rig, "data"), { recursive: true });
    await symlink(outside, localOf(rig, "data"));
    const before = await tree(outside);
    await update(rig);
    expect(await readlink(localOf(rig, "mods"))).toBe(outside);
    expect(await readlink(localOf(rig, "broken"))).toBe("nowhere");
    expect(await namesIn(localOf(rig, "data"))).toEqual(["level.bin", "level2.bin"]);
    expect(await tree(outside)).toEqual(before);
    expect(rig.log.filter(({ level }) => level === "warn")).toMatchObject([
      { message: CHANGED, fields: { paths: ["data"] } },
    ]);
  });

  it("keeps everything that the new version lacks where nobody knows what was installed", async () => {
    await using rig = await createPlayed();
    await writeFile(rig.stateDir.installedList(GGOO), "{ damaged");
    expect(await update(rig)).toMatchObject({ carried: 3 });
    expect(await readFile(localOf(rig, "keys.ini"), "utf8")).toBe("jump=enter");
    expect(await namesIn(localOf(rig, "data"))).toEqual(["gone.bin", "level.bin", "level2.bin"]);
    expect(await readFile(localOf(rig, "game.exe"), "utf8")).toBe("the new game");
    expect((await readInstalledList(rig.stateDir, GGOO))?.version).toBe("20200101");
  });

  it("works for a game without archives", async () => {
    await using rig = await createGame({}, { "game.exe": "old", "old.dat": "old" });
    await install(rig);
    await writeFiles(localOf(rig), { "saves/1": "a hundred hours" });
    await rm(join(rig.root, "old.dat"));
    await writeFiles(rig.root, { "game.exe": "new", "version.ini": "2020" });
    expect(await update(rig)).toEqual({ files: 1, bytes: 3, carried: 1 });
    expect(Object.keys(await tree(localOf(rig)))).toEqual(["game.exe", "saves/", "saves/1"]);
    expect(await readFile(localOf(rig, "game.exe"), "utf8")).toBe("new");
  });
});

describe("an update is refused, and nothing is touched", () => {
  it("where the game is not installed, or not downloaded", async () => {
    await using rig = await createGame({ "a.eti": OLD });
    expect(await failure(rig, () => update(rig))).toMatchObject({ code: "not-installed" });
    await install(rig);
    await writeFile(join(rig.root, "version.ini"), "no version");
    expect(await failure(rig, () => update(rig))).toMatchObject({ code: "not-downloaded" });
  });

  it.each([".local.backup", ".local.installing"])("where something of the user's is at %s", async (name) => {
    await using rig = await createPlayed();
    await writeFiles(rig.root, { [`${name}/mine`]: "the user's" });
    const error = await failure(rig, () => update(rig));
    expect([error.code, error.message]).toEqual([
      "already-exists",
      expect.stringContaining(join(rig.root, name)),
    ]);
  });

  it("where it is cancelled before it began", async () => {
    await using rig = await createPlayed();
    const error = await failure(rig, () => update(rig, { signal: AbortSignal.abort() }));
    expect(error).toMatchObject({ code: "cancelled" });
  });
});

describe.concurrent("an update that is promoted is done", () => {
  it.each<UpdateStep>(["adopt-list", "delete-backup", "unmark-local", "clear-intent"])(
    "also where %s fails: that is a warning, and recovery does it",
    async (at) => {
      await using rig = await createPlayed();
      const onStep = (step: UpdateStep, moment: string): void => {
        if (step === at && moment === "before") throw new Error("out of order");
      };
      expect(await update(rig, { onStep })).toMatchObject({ carried: 2 });
      expect(rig.log.filter(({ level }) => level === "warn").map(({ message }) => message)).toContain(
        "the operation succeeded, but not everything was cleaned up",
      );
      const local = Object.keys(await tree(localOf(rig))).filter((name) => name !== ".lanspread_owned");
      await recoverInstalls({ ...rig, isBusy: () => false });
      expect(Object.keys(await tree(localOf(rig)))).toEqual(local);
      expect(await namesIn(rig.root)).toEqual(["a.eti", "local", "version.ini"]);
      expect(await namesIn(rig.stateDir.gameDir(GGOO))).toEqual(["installed.json"]);
      expect((await readInstalledList(rig.stateDir, GGOO))?.version).toBe("20200101");
    },
  );

  it("takes no space for what it carries over, where a file can have two names", async () => {
    await using rig = await createPlayed();
    const before = await stat(localOf(rig, "saves/slot1.sav"));
    await update(rig);
    const after = await stat(localOf(rig, "saves/slot1.sav"));
    expect([after.ino, after.nlink]).toEqual([before.ino, 1]);
  });

  it("keeps a second name that the user gave a file", async () => {
    await using rig = await createPlayed();
    await link(localOf(rig, "saves/slot1.sav"), rig.place.join("elsewhere.sav"));
    await update(rig);
    await writeFile(localOf(rig, "saves/slot1.sav"), "more");
    expect(await readFile(rig.place.join("elsewhere.sav"), "utf8")).toBe("more");
  });
});

// By itself: whoever runs at the same time would be nobody, too.
describe("an update by somebody who does not own everything", () => {
  const isRootOnLinux = process.platform === "linux" && process.getuid?.() === 0;
  it.skipIf(!isRootOnLinux)(
    `copies what the system gives no second name${isRootOnLinux ? "" : " (skipped: made by being root on Linux)"}`,
    async () => {
      await using rig = await createGame({}, { "game.exe": "old" });
      await install(rig);
      // Who does not own a file and may only read it may give it no second name (fs.protected_hardlinks).
      const saved = localOf(rig, "saves/of-root.sav");
      await writeFiles(localOf(rig), { "saves/of-root.sav": seededBytes(9, 5_000_000) });
      await chmod(saved, 0o644);
      await utimes(saved, MTIME, MTIME);
      await writeFiles(rig.root, { "game.exe": "new", "version.ini": "2020" });
      const { ino } = await stat(saved);
      const paths = (await readdir(rig.place.path, { recursive: true })).map((name) => rig.place.join(name));
      for (const path of [rig.place.path, ...paths]) if (path !== saved) await chown(path, NOBODY, NOBODY);
      expect(await asNobody(() => update(rig))).toMatchObject({ carried: 1 });
      const copy = await stat(saved);
      expect([copy.uid, copy.ino === ino, copy.mtimeMs]).toEqual([NOBODY, false, MTIME.getTime()]);
      expect((await readFile(saved)).equals(seededBytes(9, 5_000_000))).toBe(true);
      expect(await namesIn(rig.root)).toEqual(["game.exe", "local", "version.ini"]);
    },
  );
});

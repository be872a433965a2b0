import { chmod, lstat, mkdir, readFile, rename, symlink, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  type RemoveOptions,
  type RemoveProgress,
  type RemoveResult,
  recoverInstalls,
  removeGame,
} from "../../src/install/index.ts";
import { seal } from "../../src/storage/index.ts";
import { asNobody } from "../storage/as-nobody.ts";
import { observeFlushes } from "../storage/observed-flushes.ts";
import { failure } from "./installing.ts";
import { createRig, type Files, GGOO, namesIn, type Rig, tree, writeFiles } from "./support.ts";

const GAME: Files = {
  "version.ini": "2018.04.12\n",
  "ggoo.eti": "an archive",
  "extras/manual.txt": "read me",
  "extras/maps/one.map": "1",
};

function remove(
  { gamesDir, stateDir, logger }: Rig,
  options: Partial<RemoveOptions> = {},
): Promise<RemoveResult> {
  return removeGame({ gameId: GGOO, gamesDir, stateDir, logger, ...options });
}

async function recover({ gamesDir, stateDir, logger }: Rig): Promise<void> {
  await recoverInstalls({ gamesDir, stateDir, logger, isBusy: () => false });
}

/** Everybody may write there. */
async function open(...paths: readonly string[]): Promise<void> {
  for (const path of paths) await chmod(path, 0o777);
}

/** Nobody may write there but root, until it is disposed: who is not root could not even clear it away. */
async function lock(path: string): Promise<AsyncDisposable> {
  await chmod(path, 0o555);
  return { [Symbol.asyncDispose]: () => open(path) };
}

function warnings(rig: Rig): string[] {
  return rig.log.filter(({ level }) => level !== "info" && level !== "debug").map(({ message }) => message);
}

describe("removing", () => {
  it("deletes the root with everything in it, and its traces in the state directory", async () => {
    await using rig = await createRig(GAME);
    await mkdir(join(rig.root, "empty"));
    await writeFiles(rig.gamesDir, { "other/version.ini": "1", "other/payload": "x" });
    const progress: RemoveProgress[] = [];
    const result = await remove(rig, { onProgress: (now) => progress.push(now) });
    expect(result).toEqual({ files: 3, bytes: 18, left: 0 });
    expect(Object.keys(await tree(rig.gamesDir))).toEqual(["other/", "other/payload", "other/version.ini"]);
    expect(await namesIn(rig.stateDir.gameDir(GGOO))).toEqual([]);
    expect(progress[0]).toEqual({ doneFiles: 0, doneBytes: 0, totalFiles: 3, totalBytes: 18 });
    expect(progress.at(-1)).toEqual({ doneFiles: 3, doneBytes: 18, totalFiles: 3, totalBytes: 18 });
    expect(warnings(rig)).toEqual([]);
  });

  it("tells its progress some hundred times, however many files there are", async () => {
    const files = Object.fromEntries(Array.from({ length: 1_001 }, (_, index) => [`data/${index}`, "x"]));
    await using rig = await createRig({ ...GAME, ...files });
    const done: number[] = [];
    await remove(rig, { onProgress: ({ doneFiles }) => done.push(doneFiles) });
    expect(done).toEqual([...done].sort((a, b) => a - b));
    expect(done.at(-1)).toBe(1_004);
    expect(done.length).toBeGreaterThan(50);
    expect(done.length).toBeLessThan(150);
  });

  it("keeps the names of other programs, and then the root", async () => {
    await using rig = await createRig({
      ...GAME,
      ".softlan_game_installed": "yes",
      ".Sync/state/deep": "theirs",
      ".lanspread.json": "{}",
      ".version.ini.tmp": "half",
      "sub/.sync": "is payload down here",
    });
    await remove(rig);
    expect(Object.keys(await tree(rig.root))).toEqual([
      ".Sync/",
      ".Sync/state/",
      ".Sync/state/deep",
      ".softlan_game_installed",
    ]);
    expect(await namesIn(rig.stateDir.gameDir(GGOO))).toEqual([]);
  });

  it("deletes links, and follows none", async () => {
    await using rig = await createRig(GAME);
    await writeFiles(rig.place.path, { "outside/precious": "the user's", precious: "the user's" });
    await symlink(rig.place.join("outside"), join(rig.root, "directory"));
    await symlink(rig.place.join("precious"), join(rig.root, "extras", "file"));
    await symlink(rig.place.join("nowhere"), join(rig.root, "dangling"));
    expect(await remove(rig)).toMatchObject({ files: 6, left: 0 });
    expect(await namesIn(rig.gamesDir)).toEqual([]);
    expect(await readFile(rig.place.join("outside/precious"), "utf8")).toBe("the user's");
    expect(await readFile(rig.place.join("precious"), "utf8")).toBe("the user's");
  });

  it("is written through to the disk in this order: the wish, the list, the sentinel, and then the files", async () => {
    await using rig = await createRig(GAME);
    await mkdir(rig.stateDir.gameDir(GGOO));
    const look = async (): Promise<string[]> => [
      ...(await namesIn(rig.stateDir.gameDir(GGOO))),
      ...(await namesIn(rig.root).catch(() => ["gone"])),
    ];
    const inodes = new Map<number, string>();
    for (const [name, path] of [
      ["games", rig.gamesDir],
      ["root", rig.root],
      ["state", rig.stateDir.gameDir(GGOO)],
    ] as const) {
      inodes.set((await lstat(path)).ino, name);
    }
    const flushes = await observeFlushes(() => remove(rig), look);
    const told = flushes.map(({ inode, seen }) => [inodes.get(inode) ?? "file", ...seen].join(" "));
    const whole = "extras ggoo.eti version.ini";
    expect(told).toEqual([
      `file .install_intent.json.tmp ${whole}`,
      `state install_intent.json ${whole}`,
      `file .removal.json.tmp install_intent.json ${whole}`,
      `state install_intent.json removal.json ${whole}`,
      // The journal of a download, which there was none of.
      `state install_intent.json removal.json ${whole}`,
      "root install_intent.json removal.json .version.ini.discarded extras ggoo.eti",
      "root install_intent.json removal.json extras ggoo.eti",
      "state install_intent.json",
      "games install_intent.json gone",
      "state gone",
    ]);
  });

  it("forgets a download that has left its journal beside the sentinel", async () => {
    await using rig = await createRig(GAME);
    await writeFiles(rig.stateDir.gameDir(GGOO), { "download.json": "{}", pieces: "x", setup_done: "" });
    await remove(rig);
    expect(await namesIn(rig.stateDir.gameDir(GGOO))).toEqual(["setup_done"]);
  });
});

describe("removing is refused, and nothing changes,", () => {
  const refused: [string, Files, string, string][] = [
    ["without a sentinel", { "ggoo.eti": "x" }, "not-downloaded", "has no version.ini"],
    ["for a sentinel further down", { "sub/version.ini": "1" }, "not-downloaded", "has no version.ini"],
    ["for another spelling of it", { "Version.INI": "1" }, "not-downloaded", "has no version.ini"],
    ["for a sentinel that is none", { ...GAME, "version.ini": "no digits" }, "not-downloaded", "version.ini"],
    ["while it is installed", { ...GAME, "local/save": "x" }, "already-installed", "local is there"],
    ["while something is called LOCAL", { ...GAME, LOCAL: "x" }, "already-installed", "LOCAL is there"],
    ["beside .local.backup", { ...GAME, ".local.backup/x": "x" }, "already-exists", ".local.backup"],
    ["beside .Local.Installing", { ...GAME, ".Local.Installing": "x" }, "already-exists", ".Local.Inst"],
  ];
  it.each(refused)("%s", async (_, files, code, message) => {
    await using rig = await createRig(files);
    const error = await failure(rig, () => remove(rig));
    expect(error).toMatchObject({ code, message: expect.stringContaining(message) });
  });

  it("for a root or a sentinel that is a link", async () => {
    await using rig = await createRig(GAME);
    await rename(rig.root, rig.place.join("elsewhere"));
    await symlink(rig.place.join("elsewhere"), rig.root);
    expect(await failure(rig, () => remove(rig))).toMatchObject({ code: "not-downloaded" });
    expect(await namesIn(rig.place.join("elsewhere"))).toContain("version.ini");

    await using other = await createRig({ "ggoo.eti": "x" });
    await writeFiles(other.place.path, { "version.ini": "1" });
    await symlink(other.place.join("version.ini"), join(other.root, "version.ini"));
    expect(await failure(other, () => remove(other))).toMatchObject({ code: "not-downloaded" });
  });

  it("for a game that is not there", async () => {
    await using rig = await createRig({});
    await rename(rig.root, rig.place.join("gone"));
    expect(await failure(rig, () => remove(rig))).toMatchObject({ code: "not-downloaded" });
  });

  it("when something is put at a reserved name while the files are counted", async () => {
    await using rig = await createRig(GAME);
    const onStep: RemoveOptions["onStep"] = async (step, moment) => {
      if (step === "forget-download" && moment === "before") await mkdir(join(rig.root, "local"));
    };
    await expect(remove(rig, { onStep })).rejects.toMatchObject({ code: "already-installed" });
    expect(await namesIn(rig.root)).toEqual(["extras", "ggoo.eti", "local", "version.ini"]);
    expect(await namesIn(rig.stateDir.gameDir(GGOO))).toEqual([]);
  });

  it("when the sentinel cannot be set aside", async () => {
    await using rig = await createRig({ ...GAME, ".version.ini.discarded/in/the/way": "x" });
    await failure(rig, () => remove(rig));
    await using locked = await createRig(GAME);
    await open(locked.place.path, locked.gamesDir, locked.stateDir.root, locked.stateDir.gamesDir);
    await mkdir(locked.stateDir.gameDir(GGOO));
    await open(locked.stateDir.gameDir(GGOO));
    await using _ = await lock(locked.root);
    expect(await failure(locked, () => asNobody(() => remove(locked)))).toMatchObject({
      code: "no-permission",
    });
  });

  it.skipIf(process.platform !== "linux")(
    "for a name that is no UTF-8 (skipped where the system has none)",
    async () => {
      await using rig = await createRig(GAME);
      await writeFile(Buffer.concat([Buffer.from(`${rig.root}/`), Uint8Array.of(0x66, 0xff)]), "x");
      const { gamesDir, stateDir } = rig;
      const before = await namesIn(rig.root);
      await expect(removeGame({ gameId: GGOO, gamesDir, stateDir })).rejects.toMatchObject({
        code: "forbidden-path",
        message: expect.stringContaining("UTF-8"),
      });
      expect(await namesIn(rig.root)).toEqual(before);
    },
  );

  it("when it is cancelled before the sentinel is set aside", async () => {
    await using rig = await createRig(GAME);
    for (const at of ["record-removal", "write-list", "forget-download"]) {
      const stop = new AbortController();
      const onStep: RemoveOptions["onStep"] = (step) => {
        if (step === at) stop.abort();
      };
      const error = await failure(rig, () => remove(rig, { signal: stop.signal, onStep }));
      expect(error, at).toMatchObject({ code: "cancelled" });
    }
    await expect(remove(rig, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "cancelled" });
  });
});

describe("once the sentinel has gone", () => {
  it("an abort ends the deleting between two files, and recovery goes on with it", async () => {
    await using rig = await createRig(GAME);
    const stop = new AbortController();
    const onStep: RemoveOptions["onStep"] = (step) => {
      if (step === "delete-sentinel") stop.abort();
    };
    expect(await remove(rig, { signal: stop.signal, onStep })).toEqual({ files: 0, bytes: 0, left: 5 });
    expect(await namesIn(rig.root)).toEqual(["extras", "ggoo.eti"]);
    await recover(rig);
    expect(await namesIn(rig.gamesDir)).toEqual([]);
    expect(await namesIn(rig.stateDir.gameDir(GGOO))).toEqual([]);
  });

  it("what cannot be deleted stops nothing else, and the next recovery tries again", async () => {
    await using rig = await createRig(GAME);
    await open(rig.place.path, rig.gamesDir, rig.root, join(rig.root, "extras"));
    await open(rig.stateDir.root, rig.stateDir.gamesDir);
    {
      await using _ = await lock(join(rig.root, "extras", "maps"));
      expect(await asNobody(() => remove(rig))).toMatchObject({ files: 2, left: 1 });
      expect(Object.keys(await tree(rig.root))).toEqual(["extras/", "extras/maps/", "extras/maps/one.map"]);
      expect(warnings(rig)).toEqual(["the operation succeeded, but not everything was cleaned up"]);
    }
    await expect(remove(rig)).rejects.toMatchObject({ code: "not-downloaded" });
    expect(await namesIn(rig.gamesDir)).toEqual([]);
    expect(await namesIn(rig.stateDir.gameDir(GGOO))).toEqual([]);
  });

  it("what is put there meanwhile stays, and so do files that are other ones by now", async () => {
    await using rig = await createRig(GAME);
    const onStep: RemoveOptions["onStep"] = async (step, moment) => {
      if (step !== "delete-files" || moment !== "before") return;
      await writeFiles(rig.root, { "extras/new": "the user's" });
      await writeFile(join(rig.root, "ggoo.eti"), "another archive");
    };
    expect(await remove(rig, { onStep })).toMatchObject({ files: 2, left: 0 });
    expect(Object.keys(await tree(rig.root))).toEqual(["extras/", "extras/new", "ggoo.eti"]);
    expect(await readFile(join(rig.root, "ggoo.eti"), "utf8")).toBe("another archive");
  });

  it("nothing is reached through a directory that has become a link", async () => {
    await using rig = await createRig(GAME);
    const outside = rig.place.join("outside");
    const onStep: RemoveOptions["onStep"] = async (step, moment) => {
      if (step !== "delete-files" || moment !== "before") return;
      await rename(join(rig.root, "extras"), outside);
      await symlink(outside, join(rig.root, "extras"));
    };
    await remove(rig, { onStep });
    expect(Object.keys(await tree(outside))).toEqual(["manual.txt", "maps/", "maps/one.map"]);
    expect(await namesIn(rig.root)).toEqual(["extras"]);
  });
});

describe("the recovery of a removal", () => {
  const MTIME = new Date("2019-07-06T05:04:03.125Z");

  async function interrupted(): Promise<Rig> {
    const rig = await createRig(GAME);
    await utimes(join(rig.root, "ggoo.eti"), MTIME, MTIME);
    const stop = new AbortController();
    const onStep: RemoveOptions["onStep"] = (step) => {
      if (step === "delete-sentinel") stop.abort();
    };
    await remove(rig, { signal: stop.signal, onStep });
    return rig;
  }

  it("deletes nothing that came to be there since", async () => {
    await using rig = await interrupted();
    await writeFiles(rig.root, {
      "ggoo.eti": "of the same time, but longer",
      "extras/manual.txt": "READ ME",
      "mine/notes": "the user's",
    });
    await utimes(join(rig.root, "ggoo.eti"), MTIME, MTIME);
    await recover(rig);
    await recover(rig);
    expect(Object.keys(await tree(rig.root))).toEqual([
      "extras/",
      "extras/manual.txt",
      "ggoo.eti",
      "mine/",
      "mine/notes",
    ]);
    expect(await namesIn(rig.stateDir.gameDir(GGOO))).toEqual([]);
  });

  it("deletes nothing once the game is back", async () => {
    await using rig = await interrupted();
    await writeFiles(rig.root, { "version.ini": "2018.04.12\n" });
    const before = await tree(rig.gamesDir);
    await recover(rig);
    expect(await tree(rig.gamesDir)).toEqual(before);
    expect(await namesIn(rig.stateDir.gameDir(GGOO))).toEqual([]);
  });

  it("leaves what is left to somebody who has made a local/ since, and says so once", async () => {
    await using rig = await interrupted();
    await writeFiles(rig.root, { "local/save": "a hundred hours" });
    const before = await tree(rig.gamesDir);
    await recover(rig);
    await recover(rig);
    expect(await tree(rig.gamesDir)).toEqual(before);
    expect(await namesIn(rig.stateDir.gameDir(GGOO))).toEqual([]);
    expect(rig.log.filter(({ fields }) => fields["why"] !== undefined)).toHaveLength(1);
  });

  /** The list with another path for the first one, and with a digest that fits. */
  function sealedAnew(text: string, path: string): string {
    const { entries, directories } = JSON.parse(text) as { entries: unknown[][]; directories: string[] };
    const changed = entries.map((entry, index) => (index === 0 ? [path, ...entry.slice(1)] : entry));
    return seal({ format: 1, entries: changed, directories });
  }

  it.each([
    ["damaged", (text: string) => text.replace("manual", "annual")],
    ["no list", () => "{}"],
    ["one that leads out", (text: string) => sealedAnew(text, "../other/manual.txt")],
    ["one of a local/", (text: string) => sealedAnew(text, "local/save")],
    ["one with the names of others", (text: string) => sealedAnew(text, ".SYNC/state")],
  ])("deletes nothing by a list that is %s, and keeps it", async (_, change) => {
    await using rig = await interrupted();
    const path = rig.stateDir.removalList(GGOO);
    await writeFile(path, change(await readFile(path, "utf8")));
    const before = await tree(rig.gamesDir);
    await recover(rig);
    await recover(rig);
    expect(await tree(rig.gamesDir)).toEqual(before);
    expect(await namesIn(rig.stateDir.gameDir(GGOO))).toEqual(["removal.json.damaged"]);
    expect(warnings(rig).filter((message) => message.includes("damaged"))).toHaveLength(1);
  });

  it("is over when the root is gone; while the whole games directory is empty a drive may be missing", async () => {
    await using rig = await interrupted();
    const away = rig.place.join("away");
    await rename(rig.root, away);
    await recover(rig);
    expect(await namesIn(rig.stateDir.gameDir(GGOO))).toEqual(["install_intent.json", "removal.json"]);
    await rename(away, rig.root);
    await recover(rig);
    expect(await namesIn(rig.gamesDir)).toEqual([]);

    await using other = await interrupted();
    await rename(other.root, join(dirname(other.root), "another"));
    await recover(other);
    expect(await namesIn(other.stateDir.gameDir(GGOO))).toEqual([]);
    expect(await namesIn(other.gamesDir)).toEqual(["another"]);
  });

  it("is cancelled between two files, and goes on the next time", async () => {
    await using rig = await interrupted();
    const { gamesDir, stateDir } = rig;
    const stop = new AbortController();
    stop.abort();
    await expect(
      recoverInstalls({ gamesDir, stateDir, isBusy: () => false, signal: stop.signal }),
    ).rejects.toMatchObject({ code: "cancelled" });
    expect(await namesIn(rig.root)).toEqual(["extras", "ggoo.eti"]);
    await recover(rig);
    expect(await namesIn(rig.gamesDir)).toEqual([]);
  });
});

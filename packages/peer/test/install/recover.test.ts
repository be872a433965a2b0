import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { asGameId } from "@lanspread/proto";
import { describe, expect, it } from "vitest";
import { recoverInstalls } from "../../src/install/index.ts";
import type { InstallIntent } from "../../src/install/recovery-table.ts";
import { createRig, type Files, GGOO, namesIn, type Rig, tree, writeFiles } from "./support.ts";

const MARK = ".lanspread_owned";

function recover({ gamesDir, stateDir, logger }: Rig, busy: readonly string[] = []): Promise<void> {
  return recoverInstalls({ gamesDir, stateDir, logger, isBusy: (id) => busy.includes(id) });
}

async function writeIntent(rig: Rig, operation: InstallIntent, root = rig.root): Promise<void> {
  const intent = { format: 1, operation, step: "any", root };
  await writeFiles(rig.stateDir.gameDir(GGOO), { "install_intent.json": JSON.stringify(intent) });
}

function warnings(rig: Rig): (readonly [string, unknown])[] {
  return rig.log
    .filter(({ level }) => level === "warn" || level === "error")
    .map(({ message, fields }) => [message, fields["path"] ?? fields["file"]] as const);
}

const LEFT_ALONE = "something lies at a reserved name and is left alone";

describe("where local/ is no directory", () => {
  it.each(["installing", "updating", "uninstalling"] as const)("%s waits for the user", async (operation) => {
    await using rig = await createRig({
      "version.ini": "1",
      local: "a file of the user",
      ".local.backup/saves/slot1.sav": "a hundred hours",
      ".local.installing/data": "half a file",
    });
    await writeIntent(rig, operation);
    const before = await tree(rig.place.path);
    await recover(rig);
    expect(await tree(rig.place.path)).toEqual(before);
    expect(warnings(rig)).toEqual([[LEFT_ALONE, join(rig.root, "local")]]);
  });
});

describe("without an intent", () => {
  it("marked directories go, unmarked ones stay and are told once", async () => {
    await using rig = await createRig({
      "version.ini": "1",
      "local/saves/slot1.sav": "a hundred hours",
      [`.local.installing/${MARK}`]: "",
      ".local.installing/data/half": "half a file",
      ".local.backup/mine": "the user's",
    });
    await recover(rig);
    await recover(rig);
    expect(Object.keys(await tree(rig.root))).toEqual([
      ".local.backup/",
      ".local.backup/mine",
      "local/",
      "local/saves/",
      "local/saves/slot1.sav",
      "version.ini",
    ]);
    expect(warnings(rig)).toEqual([[LEFT_ALONE, join(rig.root, ".local.backup")]]);
  });

  it("a link or a file at a reserved name is nobody's business", async () => {
    await using rig = await createRig({ "version.ini": "1", ".local.backup": "a file" });
    await writeFiles(rig.place.path, { [`outside/${MARK}`]: "", "outside/precious": "the user's" });
    await symlink(rig.place.join("outside"), join(rig.root, ".local.installing"));
    const before = await tree(rig.place.path);
    await recover(rig);
    expect(await tree(rig.place.path)).toEqual(before);
    expect(warnings(rig)).toHaveLength(2);
  });

  it("a marker that is a directory or a link proves nothing", async () => {
    await using rig = await createRig({ "version.ini": "1" });
    await mkdir(join(rig.root, ".local.installing", MARK), { recursive: true });
    await mkdir(join(rig.root, ".local.backup"));
    await symlink("/dev/null", join(rig.root, ".local.backup", MARK));
    const before = await tree(rig.root);
    await recover(rig);
    expect(await tree(rig.root)).toEqual(before);
  });
});

describe("with an intent", () => {
  const OLD: Files = { ".local.backup/game.exe": "old", ".local.backup/saves/1": "a hundred hours" };
  const restored = ["local/", "local/game.exe", "local/saves/", "local/saves/1", "version.ini"];

  it.each([
    ["marked", { [`.local.backup/${MARK}`]: "updating\n" }],
    ["not marked yet", {}],
    ["being marked", { [`.local.backup/.${MARK}.tmp`]: "updat" }],
  ])("an update that was interrupted gets the old install back (its backup: %s)", async (_, mark) => {
    await using rig = await createRig({
      "version.ini": "1",
      ...OLD,
      ...mark,
      ".local.installing/half": "half",
    });
    await writeIntent(rig, "updating");
    await recover(rig);
    await recover(rig);
    expect(Object.keys(await tree(rig.root))).toEqual(restored);
    expect(await namesIn(rig.stateDir.gameDir(GGOO))).toEqual([]);
    expect(warnings(rig)).toEqual([]);
  });

  it("an update keeps its old install while somebody else's local/ is in its place", async () => {
    await using rig = await createRig({
      "version.ini": "1",
      ...OLD,
      ".local.installing/half": "half",
      "local/other": "made by hand",
    });
    await writeIntent(rig, "updating");
    const before = await tree(rig.place.path);
    await recover(rig);
    await recover(rig);
    expect(await tree(rig.place.path)).toEqual(before);
    expect(warnings(rig)).toEqual([[LEFT_ALONE, join(rig.root, ".local.backup")]]);
  });

  it("nothing is touched while local is no directory", async () => {
    await using rig = await createRig({ "version.ini": "1", ...OLD, local: "a file" });
    await writeIntent(rig, "updating");
    const before = await tree(rig.place.path);
    await recover(rig);
    expect(await tree(rig.place.path)).toEqual(before);
  });

  it("that is damaged, the marker says what the backup is for, and it is told", async () => {
    await using rig = await createRig({
      "version.ini": "1",
      ...OLD,
      [`.local.backup/${MARK}`]: "updating\n",
    });
    await writeFiles(rig.stateDir.gameDir(GGOO), { "install_intent.json": "{ damaged" });
    await recover(rig);
    await recover(rig);
    expect(Object.keys(await tree(rig.root))).toEqual(restored);
    expect(warnings(rig).map(([message]) => message)).toEqual([
      "the intent of an interrupted operation is damaged and was set aside",
    ]);
  });

  it("of this games directory under another name, it counts", async () => {
    await using rig = await createRig({ "version.ini": "1", ".local.installing/half": "half a file" });
    const link = rig.place.join("link");
    await symlink(rig.gamesDir, link);
    await writeIntent(rig, "installing", join(link, GGOO));
    await recover(rig);
    expect(await namesIn(rig.root)).toEqual(["version.ini"]);
    expect(await namesIn(rig.stateDir.gameDir(GGOO))).toEqual([]);
  });

  it("of another games directory, nothing here is taken for ours, and the intent waits", async () => {
    await using rig = await createRig({ "version.ini": "1", ".local.installing/mine": "the user's" });
    await writeIntent(rig, "installing", rig.place.join("elsewhere", "ggoo"));
    const before = await tree(rig.place.path);
    await recover(rig);
    expect(await tree(rig.place.path)).toEqual(before);
  });

  it("of another games directory, it waits for that also where marks tell what to do here", async () => {
    await using rig = await createRig({ "version.ini": "1", ...OLD, [`.local.backup/${MARK}`]: "updating" });
    await writeIntent(rig, "updating", rig.place.join("elsewhere", "ggoo"));
    await recover(rig);
    expect(Object.keys(await tree(rig.root))).toEqual(restored);
    expect(await namesIn(rig.stateDir.gameDir(GGOO))).toEqual(["install_intent.json"]);
  });
});

describe("sentinels of interrupted downloads", () => {
  const LEFT: Files = { ".version.ini.tmp": "2", ".version.ini.discarded": "1", "a.eti": "mixed" };

  it("go where no journal waits for them; a finished one is not promoted", async () => {
    await using rig = await createRig(LEFT);
    await recover(rig);
    expect(await namesIn(rig.root)).toEqual(["a.eti"]);
  });

  it("stay where the download has a journal", async () => {
    await using rig = await createRig(LEFT);
    await writeFiles(rig.stateDir.gameDir(GGOO), { "download.json": "{}" });
    await recover(rig);
    expect(await namesIn(rig.root)).toEqual([".version.ini.discarded", ".version.ini.tmp", "a.eti"]);
  });
});

describe("a games directory", () => {
  it("is put right game by game: a busy one is left alone, one that fails stops no other", async () => {
    await using rig = await createRig({ "version.ini": "1", [`.local.installing/${MARK}`]: "" });
    const leftover = { "version.ini": "1", [`.local.installing/${MARK}`]: "" };
    await writeFiles(join(rig.gamesDir, "aaa"), leftover);
    await writeFiles(join(rig.gamesDir, "busy"), leftover);
    await writeFiles(join(rig.gamesDir, "No Game"), leftover);
    // The state of this game cannot be read: a file is where its directory should be.
    await writeFile(rig.stateDir.gameDir(asGameId("aaa")), "no directory");
    await recover(rig, ["busy"]);
    expect(await namesIn(rig.root)).toEqual(["version.ini"]);
    expect(await namesIn(join(rig.gamesDir, "busy"))).toEqual([".local.installing", "version.ini"]);
    expect(await namesIn(join(rig.gamesDir, "No Game"))).toEqual([".local.installing", "version.ini"]);
    expect(rig.log.filter(({ level }) => level === "error")).toHaveLength(1);
    expect(await readFile(join(rig.gamesDir, "aaa", "version.ini"), "utf8")).toBe("1");
  });

  it("is left at once when it is cancelled, and told when it is not there", async () => {
    await using rig = await createRig({ "version.ini": "1", [`.local.installing/${MARK}`]: "" });
    const { gamesDir, stateDir } = rig;
    const options = { gamesDir, stateDir, isBusy: () => false };
    await expect(recoverInstalls({ ...options, signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: "cancelled",
    });
    expect(await namesIn(rig.root)).toEqual([".local.installing", "version.ini"]);
    await expect(recoverInstalls({ ...options, gamesDir: join(gamesDir, "absent") })).rejects.toMatchObject({
      code: "no-such-directory",
    });
  });
});

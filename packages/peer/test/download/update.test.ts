import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, symlink } from "node:fs/promises";
import { join } from "node:path";
import { gameVersionSchema } from "@lanspread/proto";
import { seededBytes } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { readJournal } from "../../src/download/journal.ts";
import { FILES, FOREIGN, NEW, newGame, putForeign } from "./new-version.ts";
import { createRig, createSource, createSourceGame, GGOO, hasWholeGame, MIB, peer } from "./support.ts";

describe("an update", () => {
  it("replaces the old version, whatever lay where, and nothing else", async () => {
    await using rig = await createRig();
    const game = await rig.game({ ...FILES, docs: "a file", "readme/en": "a directory" }, NEW);
    await createSourceGame(rig.root, {
      "version.ini": "20180412",
      "game.eti": seededBytes(9, 20 * MIB),
      "docs/manual": "a directory",
      readme: "a file",
      "data/old/deep/x": "gone",
    });
    await putForeign(rig.root);
    await rig.download(game, [createSource(peer(1), game)]);
    expect(await hasWholeGame(rig.root, game)).toBe(true);
    expect((await readdir(rig.root)).sort()).toEqual(
      [...FOREIGN, "data", "docs", "game.eti", "readme", "version.ini"].sort(),
    );
    expect(await readdir(join(rig.root, "data"))).toEqual(["maps"]);
    expect(await readFile(join(rig.root, "local/save"), "utf8")).toBe("mine");
  });
});

describe("what was in the way of an update", () => {
  it("is no longer the old version's once it is removed: what comes to lie there stays", async () => {
    await using rig = await createRig();
    const game = await rig.game({ ...FILES, "readme/en": "a directory" }, NEW);
    await createSourceGame(rig.root, { "version.ini": "20180412", readme: "a file", other: "gone" });
    const oldFiles: (readonly string[])[] = [];
    await rig.download(game, [createSource(peer(1), game)], {
      onStep: async (step) => {
        if (step !== "files-created") return;
        const journal = await readJournal(rig.stateDir, GGOO);
        if (journal.status === "found") oldFiles.push(journal.record.oldFiles);
      },
    });
    expect(oldFiles).toEqual([["other"]]);
  });
});

describe("an update that is killed in its commit", () => {
  it("does not bring the old version back, whose files are gone", async () => {
    await using rig = await createRig();
    const game = await rig.game(
      { "version.ini": "20190101", "new.eti": "new" },
      gameVersionSchema.parse("20190101"),
    );
    await createSourceGame(rig.root, { "version.ini": "20180412", "old.eti": "old" });
    const killed = rig.download(game, [createSource(peer(1), game)], {
      onStep: (step) => {
        if (step === "old-files-removed") throw new Error("as if killed");
      },
    });
    await expect(killed).rejects.toThrow("as if killed");
    const controller = new AbortController();
    const cancelled = rig.download(game, [createSource(peer(1), game)], {
      signal: controller.signal,
      onStep: () => controller.abort(),
    });
    await expect(cancelled).rejects.toMatchObject({ code: "cancelled" });
    expect(existsSync(join(rig.root, "version.ini"))).toBe(false);
  });

  it("puts no sentinel behind a link that took the root's place", async () => {
    await using rig = await createRig();
    const game = await newGame(rig);
    const elsewhere = rig.dir.join("elsewhere");
    await mkdir(elsewhere);
    const download = rig.download(game, [createSource(peer(1), game)], {
      onStep: async (step) => {
        if (step !== "old-files-removed") return;
        await rename(rig.root, rig.dir.join("moved"));
        await symlink(elsewhere, rig.root);
      },
    });
    await expect(download).rejects.toMatchObject({ code: "forbidden-path" });
    expect(await readdir(elsewhere)).toEqual([]);
  });
});

import { rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { librarySnapshotSchema, manifestSchema } from "@lanspread/proto";
import { seededBytes, temporaryDirectory } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { createCatalog } from "../../src/catalog/index.ts";
import { BF1942, createRig, expectedContentId, GAME, GGOO, writeFiles } from "./support.ts";

describe("a scan", () => {
  it("finds a game, announces it, and knows its content a little later", async () => {
    await using rig = await createRig({ ggoo: { ...GAME, "big.eti": seededBytes(1, 3_000_000) } });
    await rig.library.start();
    const before = rig.library.snapshot();
    expect(before.games.map(({ id, content_id, availability }) => [id, content_id, availability])).toEqual([
      ["ggoo", null, "ready"],
    ]);
    await rig.library.hashed();
    const snapshot = rig.library.snapshot();
    expect(librarySnapshotSchema.parse(snapshot)).toEqual(snapshot);
    expect(snapshot.library_rev).toBe(before.library_rev + 1);
    expect(snapshot.games[0]).toMatchObject({ version: "20180412", downloaded: true, installed: false });
    expect(snapshot.games[0]?.content_id).toBe(await expectedContentId(rig.library, rig.gamesDir, GGOO));
    const servable = rig.library.manifestOf(GGOO);
    expect(manifestSchema.parse(servable?.manifest)).toEqual(servable?.manifest);
    expect(servable?.manifest.content_id).toBe(snapshot.games[0]?.content_id);
    expect(servable?.digests?.length).toBe(6 * 32);
    expect(rig.library.pieceDigests(GGOO)).toEqual(servable?.digests);
  });

  it("tells downloaded and installed apart, in all four ways", async () => {
    await using rig = await createRig({
      both: { ...GAME, "local/game.exe": "x" },
      downloaded: GAME,
      installed: { "local/game.exe": "x" },
      neither: { "half.eti": "a partial download" },
    });
    await rig.library.start();
    const shown = rig.library
      .localGames()
      .map((game) => [game.id, game.downloaded, game.installed, game.availability]);
    expect(shown).toEqual([
      ["both", true, true, "ready"],
      ["downloaded", true, false, "ready"],
      ["installed", false, true, "local_only"],
    ]);
    expect(rig.library.snapshot().games.map((game) => [game.id, game.installed])).toEqual([
      ["both", true],
      ["downloaded", false],
    ]);
    expect(rig.library.manifestOf(GGOO)).toBeUndefined();
  });

  it("takes no nested version.ini and no local file for what they are not", async () => {
    await using rig = await createRig({
      nested: { "data/version.ini": "20180412" },
      fileasdir: { "version.ini": "1", local: "a file" },
    });
    await rig.library.start();
    expect(
      rig.library.localGames().map(({ id, downloaded, installed }) => [id, downloaded, installed]),
    ).toEqual([["fileasdir", true, false]]);
    expect(rig.library.localGames()[0]?.warnings).toEqual([expect.stringContaining("no directory")]);
    const files = rig.library.snapshot().games;
    expect(files).toHaveLength(1);
  });

  it("shows an unreadable sentinel as a warning that names the file, and announces nothing", async () => {
    await using rig = await createRig({ ggoo: { "version.ini": "soon", "ggoo.eti": "x" } });
    await rig.library.start();
    const path = join(rig.gamesDir, "ggoo", "version.ini");
    expect(rig.library.localGames()).toMatchObject([
      { id: "ggoo", downloaded: false, version: null, warnings: [expect.stringContaining(path)] },
    ]);
    expect(rig.library.snapshot().games).toEqual([]);
  });

  it("serves no game with a path that breaks the rules, and says which and why", async () => {
    await using rig = await createRig({ ggoo: { ...GAME, "data/aux.txt": "x" } });
    await rig.library.start();
    expect(rig.library.snapshot().games).toEqual([]);
    expect(rig.library.manifestOf(GGOO)).toBeUndefined();
    expect(rig.library.localGames()).toMatchObject([
      {
        downloaded: true,
        availability: "local_only",
        warnings: [expect.stringMatching(/data\/aux\.txt.*Windows/u)],
      },
    ]);
  });

  it("takes direct children with an id for games: no links, no files, nothing deeper", async () => {
    await using rig = await createRig({ ggoo: GAME, "ggoo/nested": GAME });
    await using outside = await temporaryDirectory();
    await writeFiles(outside.path, GAME);
    await symlink(outside.path, join(rig.gamesDir, "linked"));
    await writeFiles(join(rig.gamesDir, "Bad Name"), GAME);
    await writeFile(join(rig.gamesDir, "file"), "x");
    await rig.library.start();
    expect(rig.library.localGames().map((game) => game.id)).toEqual(["ggoo"]);
    const warnings = rig.library.state().warnings.join("\n");
    expect(warnings).toContain(join(rig.gamesDir, "linked"));
    expect(warnings).toContain(join(rig.gamesDir, "Bad Name"));
    await rm(join(rig.gamesDir, "ggoo"), { recursive: true });
    await symlink(outside.path, join(rig.gamesDir, "ggoo"));
    expect(await rig.library.rescan(GGOO)).toBe(true);
    expect(rig.library.localGames()).toEqual([]);
  });

  it("keeps to the catalog: foreign ids do not exist, other versions are not served", async () => {
    const catalog = createCatalog(
      JSON.stringify({
        format: 1,
        name: "x",
        games: [
          { id: "ggoo", name: "Great Game", version: "2018.04.12" },
          { id: "bf1942", name: "Battlefield", version: "2019.01.01" },
        ],
      }),
      "x",
    );
    await using rig = await createRig({ ggoo: GAME, bf1942: GAME, foreign: GAME }, { catalog });
    await rig.library.start();
    expect(
      rig.library.snapshot().games.map(({ id, name, availability }) => [id, name, availability]),
    ).toEqual([
      ["bf1942", "Battlefield", "local_only"],
      ["ggoo", "Great Game", "ready"],
    ]);
    expect(rig.library.manifestOf(BF1942)).toBeUndefined();
    expect(rig.library.localGames()[0]?.warnings).toEqual([
      expect.stringMatching(/2018\.04\.12.*2019\.01\.01/u),
    ]);
  });
});

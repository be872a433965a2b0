import { readdir } from "node:fs/promises";
import { seededBytes } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { walkManifest } from "../../src/library/index.ts";
import { createRig, createSource, hasWholeGame, MIB, peer } from "./support.ts";

describe("a download", () => {
  it("brings every byte of a game, and nothing else", async () => {
    await using rig = await createRig();
    const game = await rig.game({
      "version.ini": "[game]\nversion=2018.04.12\n",
      "game.eti": seededBytes(1, 21 * MIB + 7),
      "data/maps/a.map": seededBytes(2, 3 * MIB),
      "data/empty": "",
      "readme.txt": "hello",
    });
    const source = createSource(peer(1), game);
    const result = await rig.download(game, [source]);

    expect(await hasWholeGame(rig.root, game)).toBe(true);
    expect((await readdir(rig.root)).sort()).toEqual(["data", "game.eti", "readme.txt", "version.ini"]);
    expect(await readdir(rig.stateDir.gameDir(game.manifest.game_id))).toEqual([]);
    const bytes = [...game.files.values()].reduce((sum, content) => sum + content.length, 0);
    expect(result).toMatchObject({
      bytes,
      pieces: 27,
      retried: 0,
      sources: { [peer(1)]: bytes },
      struckOut: [],
    });
    expect(Number.isInteger(result.elapsedMs)).toBe(true);
    expect(Buffer.from(result.digests).equals(game.digests)).toBe(true);
    const { files } = await walkManifest(rig.root);
    const payload = files.filter(({ path }) => path !== "version.ini");
    expect(result.seen).toEqual(new Map(payload.map((file) => [file.path, file])));
    expect(rig.chunks.reduce((sum, { length }) => sum + length, 0)).toBe(bytes);
    expect(rig.chunks.reduce((sum, { pieces }) => sum + pieces, 0)).toBe(27);
    expect(rig.calls).toEqual(["before-touch", "begin"]);
    expect(rig.samples[0]).toMatchObject({ doneBytes: 0, totalBytes: bytes });
    expect(rig.samples.at(-1)).toMatchObject({
      doneBytes: bytes,
      etaSeconds: 0,
      sources: 0,
    });
    expect(source.openAnswers()).toBe(0);
  });
});

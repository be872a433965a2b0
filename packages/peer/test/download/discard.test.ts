import { mkdir, readdir } from "node:fs/promises";
import { expect, it } from "vitest";
import { discardPartial } from "../../src/download/discard.ts";
import { discardUnfinished } from "../../src/download/index.ts";
import { readJournal } from "../../src/download/journal.ts";
import { silentLogger } from "../../src/logger.ts";
import { NEW, newGame, shutDown } from "./new-version.ts";
import { createRig, createSource, createSourceGame, GGOO, hasWholeGame, peer } from "./support.ts";

it("an update that is cancelled before a byte of it came keeps the files that both versions have", async () => {
  await using rig = await createRig();
  const old = await createSourceGame(rig.root, {
    "version.ini": "20180412",
    "game.eti": "old",
    data: "the same",
  });
  const game = await rig.game(
    { "version.ini": "20200101", "game.eti": "new", data: "the same", more: "x" },
    NEW,
  );
  const controller = new AbortController();
  await expect(
    rig.download(game, [createSource(peer(1), game)], {
      signal: controller.signal,
      onStep: (step) => {
        if (step === "files-created") controller.abort();
      },
    }),
  ).rejects.toMatchObject({ code: "cancelled" });
  expect(await hasWholeGame(rig.root, old)).toBe(true);
});

it("nothing counts as done any more when the removal of what came has only begun", async () => {
  await using rig = await createRig();
  const game = await newGame(rig);
  await shutDown(rig, game);
  const before = await readJournal(rig.stateDir, GGOO);
  if (before.status !== "found") throw new Error("there is no journal");
  expect(before.pieces.done).toContain(1);
  const lanes = { remove: async () => ({ stays: [], error: new Error("held open") }) };
  await expect(discardPartial(rig.stateDir, before.record, { logger: silentLogger, lanes })).rejects.toThrow(
    "held open",
  );
  const after = await readJournal(rig.stateDir, GGOO);
  expect(after.status === "found" && after.pieces).toMatchObject({ begun: [] });
  expect(after.status === "found" && after.pieces.done).not.toContain(1);
});

it("what an unfinished download left in another games directory stays, where the game has a folder in this one", async () => {
  await using rig = await createRig();
  const game = await newGame(rig);
  await shutDown(rig, game);
  const left = await readdir(rig.root, { recursive: true });
  const gamesDir = rig.dir.join("other games");
  await mkdir(`${gamesDir}/${GGOO}`, { recursive: true });
  await discardUnfinished({ gameId: GGOO, gamesDir, stateDir: rig.stateDir });
  expect(await readdir(rig.root, { recursive: true })).toEqual(left);
  expect((await readJournal(rig.stateDir, GGOO)).status).toBe("found");
});

import { stat } from "node:fs/promises";
import { join } from "node:path";
import { gameVersionSchema } from "@lanspread/proto";
import { expect, it } from "vitest";
import { contentOf, namesOf, observeFlushes } from "../storage/observed-flushes.ts";
import { createRig, createSource, peer } from "./support.ts";

it("flushes the game's folder behind the last change in it, while the journal still says what to do", async () => {
  await using rig = await createRig();
  const old = await rig.game({ "version.ini": "20180412", "old.eti": "the old one" });
  await rig.download(old, [createSource(peer(1), old)]);
  const fresh = await rig.game(
    { "version.ini": "20190101", "new.eti": "the new one" },
    gameVersionSchema.parse("20190101"),
  );
  const flushes = await observeFlushes(
    () => rig.download(fresh, [createSource(peer(1), fresh)]),
    async () => ({
      names: await namesOf(rig.root),
      sentinel: await contentOf(join(rig.root, "version.ini")),
      journal: (await contentOf(rig.stateDir.downloadJournal(fresh.manifest.game_id))) !== null,
    }),
  );
  const root = (await stat(rig.root)).ino;
  const ofRoot = flushes.filter(({ inode }) => inode === root).map(({ seen }) => seen);
  // The sentinel's rename first, with the old one still aside; then its removal; only then the journal goes.
  expect(ofRoot.slice(-2)).toEqual([
    {
      names: expect.arrayContaining(["new.eti", "version.ini", ".version.ini.discarded"]),
      sentinel: "20190101",
      journal: true,
    },
    { names: ["new.eti", "version.ini"], sentinel: "20190101", journal: true },
  ]);
  expect(await contentOf(rig.stateDir.downloadJournal(fresh.manifest.game_id))).toBeNull();
});

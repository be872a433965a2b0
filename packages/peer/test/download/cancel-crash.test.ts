import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { discardUnfinished, recoverDownloads } from "../../src/download/index.ts";
import { readJournal } from "../../src/download/journal.ts";
import { PeerError } from "../../src/errors/index.ts";
import {
  createRig,
  createSource,
  createSourceGame,
  type Files,
  GGOO,
  hasWholeGame,
  peer,
} from "./support.ts";

const CHILD = fileURLToPath(new URL("./cancel-child.ts", import.meta.url));

/** Files of the new version that the old one has not. */
const COUNT = 3_000;

const NEW_FILES: Files = {
  "version.ini": "20200101",
  ...Object.fromEntries(Array.from({ length: COUNT }, (_, index) => [`data/${index}`, `content ${index}`])),
};

it("a cancel that is killed in the middle can be done again, and brings an old version back that was not touched", async () => {
  await using rig = await createRig();
  const old = await createSourceGame(rig.root, { "version.ini": "20180412", "old.eti": "old" });
  const game = await rig.game(NEW_FILES, old.manifest.version);
  await mkdir(join(rig.root, "local"));
  await writeFile(join(rig.root, "local/save"), "mine");
  await writeFile(join(rig.root, "mine"), "mine");
  const controller = new AbortController();
  const { signal } = controller;
  const stop = (): void => controller.abort(new PeerError("shutting-down", "the peer stops"));
  await expect(
    rig.download(game, [createSource(peer(1), game)], { signal, onBegin: stop }),
  ).rejects.toMatchObject({ code: "shutting-down" });
  expect(await readdir(join(rig.root, "data"))).toHaveLength(COUNT);

  const args = ["--conditions=source", CHILD, rig.dir.path, String(COUNT)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "inherit"] });
  expect(await once(child, "exit")).toEqual([null, "SIGKILL"]);
  expect((await readJournal(rig.stateDir, GGOO)).status).toBe("found");
  const { length: left } = await readdir(join(rig.root, "data"));
  expect([left > 0, left < COUNT]).toEqual([true, true]);

  const { gamesDir, stateDir } = rig;
  // Nothing counts as come any more: the start of the next process ends what was begun, or a second cancel does.
  const recovered = await recoverDownloads({ gamesDir, stateDir, isBusy: () => false });
  expect(recovered).toEqual([{ gameId: GGOO, outcome: "restored" }]);
  await discardUnfinished({ gameId: GGOO, gamesDir, stateDir });
  expect(await hasWholeGame(rig.root, old)).toBe(true);
  expect((await readdir(rig.root)).sort()).toEqual(["local", "mine", "old.eti", "version.ini"]);
  expect(await readFile(join(rig.root, "local/save"), "utf8")).toBe("mine");
  expect(await readdir(stateDir.gameDir(GGOO))).toEqual([]);
});

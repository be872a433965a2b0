import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { asGameId } from "@lanspread/proto";
import { describe, expect, it } from "vitest";
import { openStateDir } from "../../src/storage/index.ts";
import { Party } from "./party.ts";

const GGOO = asGameId("ggoo");

/** What a killed install leaves, and beside it what nothing proves to be lanspread's. */
async function leaveTraces(gamesDir: string): Promise<void> {
  const root = join(gamesDir, "ggoo");
  await mkdir(join(root, ".local.installing", "data"), { recursive: true });
  await writeFile(join(root, ".local.installing", ".lanspread_owned"), "installing\n");
  await mkdir(join(root, ".local.backup"));
  await writeFile(join(root, ".local.backup", "mine"), "the user's");
  await writeFile(join(root, ".version.ini.tmp"), "20240101\n");
}

async function namesIn(gamesDir: string): Promise<string[]> {
  return (await readdir(join(gamesDir, "ggoo"))).sort();
}

describe("what an interrupted operation left", () => {
  it("is put right before the peer is there", async () => {
    await using party = await Party.make();
    const { gamesDir } = await party.folders("one");
    await leaveTraces(gamesDir);
    await party.start("one");
    expect(await namesIn(gamesDir)).toEqual([".local.backup"]);
  });

  it("in another games directory is put right before that is shared", async () => {
    await using party = await Party.make();
    const { peer } = await party.start("one");
    const path = party.path("other-games");
    await leaveTraces(path);
    await peer.send({ type: "set-game-dir", path });
    expect(await namesIn(path)).toEqual([".local.backup"]);
  });

  it("is put right at once where a download's journal is damaged: no sentinel waits for one that is none", async () => {
    await using party = await Party.make();
    const { gamesDir, stateDir } = await party.folders("one");
    const root = join(gamesDir, "ggoo");
    await mkdir(root);
    for (const name of ["game.eti", ".version.ini.discarded", ".version.ini.tmp"]) {
      await writeFile(join(root, name), "20240101\n");
    }
    const state = await openStateDir(stateDir);
    await mkdir(state.gameDir(GGOO));
    await writeFile(state.downloadJournal(GGOO), "{ damaged");
    await party.start("one");
    expect(await namesIn(gamesDir)).toEqual(["game.eti"]);
  });
});

import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { temporaryDirectory } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { startPeer } from "../../src/index.ts";
import { requireSeparate } from "../../src/runtime/separate-directories.ts";
import { Party } from "./party.ts";

describe("games directory and state directory", () => {
  it.each([
    ["games", "."],
    ["games", "games"],
    ["games", "games/state"],
    ["games", "games/state/deeper"],
    ["library/mine", "."],
    ["identity", "link"],
    ["linked-games", "."],
  ])("at %j and %j are refused", async (games, state) => {
    await using dir = await temporaryDirectory();
    for (const name of ["games", "library/mine", "identity"])
      await mkdir(dir.join(name), { recursive: true });
    await symlink(".", dir.join("link"));
    await symlink("games", dir.join("linked-games"));
    await expect(requireSeparate(dir.join(games), dir.join(state))).rejects.toMatchObject({
      code: "bad-request",
    });
  });

  it.each([
    ["games", "state"],
    ["games", "games-state"],
    ["games", "games/.lanspread"],
    ["shared", "."],
  ])("at %j and %j are two", async (games, state) => {
    await using dir = await temporaryDirectory();
    for (const name of ["games", "shared"]) await mkdir(dir.join(name));
    await expect(requireSeparate(dir.join(games), dir.join(state))).resolves.toBeUndefined();
  });

  it("that are mixed up start no peer, and a game's own files stay as they are", async () => {
    await using dir = await temporaryDirectory();
    const root = dir.join("games", "ggoo");
    await mkdir(root, { recursive: true });
    const names = ["download.json", "install_intent.json", "installed.json", "pieces", "version.ini"];
    for (const name of names) await writeFile(`${root}/${name}`, `the game's ${name}`);
    const start = startPeer({ gamesDir: dir.join("games"), stateDir: dir.path, discovery: null });
    await expect(start).rejects.toMatchObject({ code: "bad-request" });
    expect((await readdir(root)).sort()).toEqual(names);
    for (const name of names) expect(await readFile(`${root}/${name}`, "utf8")).toBe(`the game's ${name}`);
    expect(await readdir(dir.path)).toEqual(["games"]);
  });

  it("are not mixed up by a new games directory either", async () => {
    await using party = await Party.make();
    const { peer, gamesDir, stateDir } = await party.start("one");
    const change = peer.send({ type: "set-game-dir", path: `${stateDir}/games` });
    await expect(change).rejects.toMatchObject({ code: "bad-request" });
    expect(peer.snapshot().status.gamesDir).toBe(gamesDir);
  });
});

import { chmod, mkdir, readdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { asGameId } from "@lanspread/proto";
import { eventually } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { asNobody, asOneself } from "../storage/as-nobody.ts";
import { type Member, makeGame, offered, Party } from "./party.ts";
import { patientUnpacker } from "./patient-unpacker.ts";

const GGOO = asGameId("ggoo");
const SOON = { deadlineMs: 90_000 };

/** What a killed install leaves. */
async function leaveTraces(gamesDir: string): Promise<void> {
  const root = join(gamesDir, "ggoo");
  await mkdir(join(root, ".local.installing", "data"), { recursive: true });
  await writeFile(join(root, ".local.installing", ".lanspread_owned"), "installing\n");
  await writeFile(join(root, ".version.ini.tmp"), "20240101\n");
}

async function usable({ peer }: Member): Promise<void> {
  await eventually(() => peer.snapshot().gamesDirProblem === null, { ...SOON, what: "the games directory" });
}

describe("a peer whose games directory cannot be used at its start", () => {
  it.each<[string, string, (path: string) => Promise<unknown>]>([
    ["is missing", "no-such-directory", async () => {}],
    ["is a file", "not-a-directory", (path) => writeFile(path, "mine")],
    ["is below a file", "not-a-directory", (path) => writeFile(join(path, ".."), "mine")],
    ["is a link to nowhere", "no-such-directory", (path) => symlink("nowhere", path)],
  ])(
    "because it %s says so, refuses what needs it, and takes it with what is in it when it appears",
    async (kind, code, make) => {
      await using party = await Party.make();
      const owner = await party.start("owner");
      await makeGame(owner.gamesDir, "quake");
      const way = kind === "is below a file" ? party.path("file") : party.path("drive");
      const gamesDir = kind === "is below a file" ? join(way, "games") : way;
      await make(gamesDir);
      const member = await party.start("late", { gamesDir });
      expect(member.peer.snapshot()).toMatchObject({
        gamesDirProblem: {
          code,
          message: expect.stringContaining(gamesDir),
          hint: expect.stringMatching(/./u),
        },
        warnings: expect.arrayContaining([expect.stringContaining(gamesDir)]),
        status: { gamesDir },
      });
      const { warnings } = await member.event("local-library-changed");
      expect(warnings.join()).toContain(gamesDir);
      // It is of the party all the same.
      const quake = asGameId("quake");
      await offered(member, quake);
      for (const type of [
        "download-game-files",
        "install-game",
        "uninstall-game",
        "remove-downloaded-game",
      ] as const) {
        await expect(member.peer.send({ type, gameId: quake })).rejects.toMatchObject({ code });
      }
      await rm(way, { force: true });
      const elsewhere = party.path("elsewhere");
      await makeGame(elsewhere, "doom");
      await leaveTraces(elsewhere);
      if (kind === "is below a file") await mkdir(way);
      await rename(elsewhere, gamesDir);
      await member.event("local-library-changed", ({ games }) => games.some(({ id }) => id === "doom"));
      expect(member.peer.snapshot().gamesDirProblem).toBeNull();
      expect(await readdir(join(gamesDir, "ggoo"))).toEqual([]);
      await member.peer.send({ type: "download-game-files", gameId: quake });
      await member.event("install-finished");
      expect(await readdir(join(gamesDir, "quake"))).toContain("version.ini");
    },
  );

  it("because it is empty has nothing to refuse", async () => {
    await using party = await Party.make();
    const { peer, event } = await party.start("one");
    expect(peer.snapshot().gamesDirProblem).toBeNull();
    const { warnings } = await event("local-library-changed");
    expect(warnings.join()).toContain("holds no games yet");
  });

  it.skipIf(process.platform === "win32")("because it may not be read takes it when it may", async () => {
    await using party = await Party.make();
    const { gamesDir } = await party.folders("one");
    for (const path of [party.path(), party.path("one")]) await chmod(path, 0o777);
    await makeGame(gamesDir, "quake");
    await chmod(gamesDir, 0);
    await asNobody(async () => {
      const member = await party.start("one");
      expect(member.peer.snapshot().gamesDirProblem).toMatchObject({ code: "no-permission" });
      await asOneself(() => chmod(gamesDir, 0o755));
      await member.event("local-library-changed", ({ games }) => games.some(({ id }) => id === "quake"));
      expect(member.peer.snapshot().gamesDirProblem).toBeNull();
      await member.peer.stop();
    });
  });

  it("puts what comes back right again, and says no more that it is away", async () => {
    await using party = await Party.make();
    const { gamesDir } = await party.folders("one");
    await makeGame(gamesDir, "quake");
    const member = await party.start("one");
    await member.event("local-library-changed", ({ games }) => games.length === 1);
    const away = party.path("away");
    await rename(gamesDir, away);
    await eventually(() => member.peer.snapshot().gamesDirProblem?.code === "no-such-directory", SOON);
    await leaveTraces(away);
    await rename(away, gamesDir);
    await usable(member);
    expect(await readdir(join(gamesDir, "ggoo"))).toEqual([]);
    await eventually(() => member.peer.snapshot().localGames.some(({ id }) => id === "quake"), SOON);
    expect(member.peer.snapshot().warnings.join()).not.toContain("not there");
  });

  it("leaves a game that is being worked on alone, when its directory comes back under the work", async () => {
    await using party = await Party.make();
    const { gamesDir } = await party.folders("one");
    await makeGame(gamesDir, "quake");
    const unpacker = patientUnpacker();
    const member = await party.start("one", { unpacker });
    await member.peer.send({ type: "install-game", gameId: asGameId("quake") });
    await unpacker.begun;
    const away = party.path("away");
    await rename(gamesDir, away);
    await eventually(() => member.peer.snapshot().gamesDirProblem?.code === "no-such-directory", SOON);
    await leaveTraces(away);
    await rename(away, gamesDir);
    await usable(member);
    expect(await readdir(join(gamesDir, "ggoo"))).toEqual([]);
    expect(await readdir(join(gamesDir, "quake"))).toContain(".local.installing");
    unpacker.go();
    await member.event("install-finished");
    expect(await readdir(join(gamesDir, "quake", "local"))).toContain("game.exe");
  });

  it("puts another drive at the same path right, though nobody saw the first one go", async () => {
    await using party = await Party.make();
    const { gamesDir } = await party.folders("one");
    const member = await party.start("one");
    await member.event("local-library-changed");
    const other = party.path("other");
    await makeGame(other, "quake");
    await leaveTraces(other);
    await rm(gamesDir, { recursive: true });
    await rename(other, gamesDir);
    await eventually(() => member.peer.snapshot().localGames.some(({ id }) => id === "quake"), SOON);
    expect(await readdir(join(gamesDir, "ggoo"))).toEqual([]);
  });

  it("that is chosen and cannot be put right is refused with the reason, and shared as soon as it can", async () => {
    await using party = await Party.make();
    const { stateDir } = await party.folders("one");
    const member = await party.start("one");
    await member.event("local-library-changed");
    const other = party.path("other");
    await makeGame(other, "quake");
    // What was interrupted is written down there.
    const notes = join(stateDir, "games");
    await rm(notes, { recursive: true });
    await writeFile(notes, "");
    await expect(member.peer.send({ type: "set-game-dir", path: other })).rejects.toMatchObject({
      code: "not-a-directory",
      message: expect.stringContaining(notes),
    });
    expect(member.peer.snapshot().localGames).toEqual([]);
    await rm(notes);
    await usable(member);
    await eventually(() => member.peer.snapshot().localGames.some(({ id }) => id === "quake"), SOON);
    expect(member.peer.snapshot().status.gamesDir).toBe(other);
  });

  it("that turns out to be mixed up with the state directory is left alone", async () => {
    await using party = await Party.make();
    const { stateDir } = await party.folders("one");
    const gamesDir = party.path("link");
    const member = await party.start("one", { gamesDir });
    const root = join(stateDir, "games", GGOO);
    await mkdir(root, { recursive: true });
    await writeFile(join(root, "version.ini"), "20240101");
    await writeFile(join(root, ".version.ini.tmp"), "mine");
    await symlink(join(stateDir, "games"), gamesDir);
    await eventually(() => member.peer.snapshot().gamesDirProblem?.code === "bad-request", SOON);
    expect(member.peer.snapshot().localGames).toEqual([]);
    expect((await readdir(root)).sort()).toEqual([".version.ini.tmp", "version.ini"]);
    await expect(member.peer.send({ type: "install-game", gameId: GGOO })).rejects.toMatchObject({
      code: "bad-request",
    });
  });
});

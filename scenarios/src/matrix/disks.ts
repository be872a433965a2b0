import { mkdir, readFile, rename, rm, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { mountSmallDisk } from "../hosts/small-disk.ts";
import { ALIENSWARM, CNC4, CNCTW, GGOO } from "../library/games.ts";
import type { GamePlan } from "../library/make-game.ts";
import { absent, entriesAre, present, same, sameGame, sameInstall } from "../proofs/on-disk.ts";
import { equal, prove } from "../proofs/prove.ts";
import type { Scenario } from "../scenario.ts";
import { hasDigests } from "../stage/stage.ts";
import type { StagePeer } from "../stage/stage-peer.ts";
import { digestTree } from "../tree-digest.ts";
import { cast } from "./cast.ts";
import { bytesFrom, percent } from "./transfers.ts";

const MIB = 1_048_576;
/** Root is stopped by no permission, unless it has given up these capabilities. */
const AS_ANYBODY = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"];

/** What is updated in the middle of a kill: it has a file that the newer version lacks. */
const OLDER: GamePlan = {
  ...ALIENSWARM,
  version: "20230101",
  loose: { "old/notes.txt": "before\n" },
  seed: 910,
};
/** Large enough to be killed in the middle. */
const NAMELESS: GamePlan = { ...GGOO, id: "nameless" };
const CANCELLED: GamePlan = { ...GGOO, id: "cancelled" };

/** Disks that are full, read-only, missing, or hold what a crash has left. */
export const DISKS: readonly Scenario[] = [
  {
    id: "S50",
    needs: ["root"],
    async run(stage) {
      const source = await stage.peer("source", { games: [ALIENSWARM] });
      const game = await stage.know(ALIENSWARM);
      // Room for the download, and for half of what an install unpacks.
      const disk = await mountSmallDisk(stage, join(stage.directory, "disk"), Math.floor(game.bytes * 1.5));
      const client = await stage.peer("client", { gamesDir: disk.path });
      if (stage.hosts.isLan) source.host.cable.shape({ upMbit: 200 });
      const filling = await client.download("alienswarm", { install: false });
      await filling.reaches(0.1);
      const ballast = join(disk.path, "ballast.bin");
      await writeFile(ballast, new Uint8Array(Math.floor(game.bytes * 1.2))).catch(
        (error: NodeJS.ErrnoException) => {
          if (error.code !== "ENOSPC") throw error;
        },
      );
      equal("a disk that fills", (await filling.endsWith("download-failed")).data["code"], "disk-full");
      await absent(client.path("alienswarm", "version.ini"));
      equal("downloaded", (await client.game("alienswarm"))?.downloaded ?? false, false);
      equal("who else offers it to the source", await source.offers("alienswarm"), 0);
      const refused = await client.begin({ cmd: "download", game_id: "alienswarm", install: false });
      equal("a disk that is full", (await refused.endsWith("download-failed")).data["code"], "disk-full");
      await rm(ballast);
      const again = await client.begin({ cmd: "download", game_id: "alienswarm", install: false });
      await again.endsWith("download-finished");
      const compared = await sameGame(game, client.path("alienswarm"));
      const install = await client.begin({ cmd: "install", game_id: "alienswarm" });
      equal("an install without room", (await install.endsWith("install-failed")).data["code"], "disk-full");
      await entriesAre(client.path("alienswarm"), ["alienswarm.eti", "version.ini"]);
      disk.resize(game.bytes * 3);
      await (await client.begin({ cmd: "install", game_id: "alienswarm" })).endsWith("install-finished");
      await sameInstall(game, client.path("alienswarm"));
      return `disk-full three times, nothing claimed to be whole; with room: ${compared}, installed`;
    },
  },
  {
    id: "S51",
    needs: ["root"],
    async run(stage) {
      const disk = await mountSmallDisk(stage, join(stage.directory, "disk"), 64 * MIB);
      await stage.place(CNC4, disk.path);
      disk.setReadOnly(true);
      const { client } = await cast(stage, CNCTW);
      const reader = await stage.peer("reader", { gamesDir: disk.path });
      await reader.isOffered("cnctw", 1);
      const failed = await (await reader.download("cnctw")).endsWith("download-failed");
      equal("the reason", failed.data["code"], "no-permission");
      prove(
        String(failed.data["message"]).includes("cnctw"),
        `the message names the game: ${failed.data["message"]}`,
      );
      await (await client.download("cnc4", { install: false })).endsWith("download-finished");
      const compared = await sameGame(await stage.know(CNC4), client.path("cnc4"));
      disk.setReadOnly(false);
      return `no-permission: ${failed.data["message"]}; meanwhile it shared ${compared}`;
    },
  },
  {
    id: "S18",
    needs: ["root"],
    async run(stage) {
      const broken = join(stage.directory, "broken");
      await mkdir(broken);
      await writeFile(join(broken, "file"), "no folder");
      await mkdir(join(broken, "closed"), { mode: 0o000 });
      await mkdir(join(broken, "empty"));
      const cases = [
        ["missing", "no-such-directory", "is not there", async () => {}],
        // Nothing is refused there, and what is renamed to it takes its place.
        ["empty", null, "holds no games yet", async () => {}],
        ["file", "not-a-directory", "is no directory", (path: string) => rm(path)],
        ["closed", "no-permission", "access is denied", (path: string) => rmdir(path)],
      ] as const;
      const [owner, watcher] = await Promise.all([
        stage.peer("owner", { games: [CNC4], inFront: AS_ANYBODY }),
        stage.peer("watcher"),
      ]);
      const said: string[] = [];
      for (const [name, code] of cases) {
        if (code === null) continue;
        const path = join(broken, name);
        equal(`set-game-dir to ${name}`, await owner.refuses({ cmd: "set-game-dir", path }), code);
      }
      const starting = cases.map(async ([name, code, says, clear]) => {
        const path = join(broken, name);
        const starter = await stage.peer(`start-${name}`, { gamesDir: path, inFront: AS_ANYBODY });
        const warning = await warns(starter, says);
        prove(warning.includes(path), `${starter.name} names its games directory: ${warning}`);
        said.push(warning);
        // It is one of the party, and does what needs no directory.
        await starter.until("somebody offers cnc4", async () => (await starter.offers("cnc4")) > 0);
        if (code !== null)
          equal(`a download into ${name}`, await starter.refuses({ cmd: "download", game_id: "cnc4" }), code);
        // What appears has games, and what an install that was killed has left.
        const elsewhere = join(stage.directory, `elsewhere-${name}`);
        await mkdir(elsewhere);
        await stage.place(CNCTW, elsewhere);
        const staging = join(elsewhere, "cnctw", ".local.installing");
        await mkdir(staging);
        await writeFile(join(staging, ".lanspread_owned"), "installing\n");
        await clear(path);
        await rename(elsewhere, path);
        await starter.until("cnctw is here", async () => (await starter.game("cnctw"))?.downloaded);
        await absent(join(path, "cnctw", ".local.installing"));
        await (await starter.download("cnc4", { install: false })).endsWith("download-finished");
        await sameGame(await stage.know(CNC4), starter.path("cnc4"));
        return starter;
      });
      const starters = await Promise.all(starting);
      await watcher.isOffered("cnctw", starters.length);
      await Promise.all(starters.map((starter) => starter.shutdown()));
      await watcher.isOffered("cnc4", 1);
      // And what happens to a games directory while the peer runs.
      const away = `${owner.games}-away`;
      await rename(owner.games, away);
      said.push(await warns(owner, owner.games));
      await watcher.isOffered("cnc4", 0);
      await mkdir(owner.games);
      said.push(await warns(owner, "holds no games yet"));
      await rmdir(owner.games);
      await rename(away, owner.games);
      await watcher.isOffered("cnc4", 1);
      await rename(owner.games, away);
      await writeFile(owner.games, "no folder");
      said.push(await warns(owner, "is no directory"));
      await watcher.isOffered("cnc4", 0);
      await rm(owner.games);
      await rename(away, owner.games);
      await watcher.isOffered("cnc4", 1);
      await rename(owner.games, away);
      await mkdir(owner.games, { mode: 0o000 });
      said.push(await warns(owner, "access is denied"));
      await watcher.isOffered("cnc4", 0);
      await rmdir(owner.games);
      await rename(away, owner.games);
      await watcher.isOffered("cnc4", 1);
      await (await watcher.download("cnc4", { install: false })).endsWith("download-finished");
      return `said at the start and while running: ${said.join("; ")}; found each time it appeared, and put right before`;
    },
  },
  {
    id: "S19",
    cores: 2,
    async run(stage) {
      const [client, source] = await Promise.all([
        stage.peer("client", { games: [OLDER] }),
        stage.peer("source", { games: [ALIENSWARM, NAMELESS, CANCELLED] }),
      ]);
      if (stage.hosts.isLan) source.host.cable.shape({ upMbit: 300 });
      // Killed in the middle of an update and of two downloads.
      const games = [ALIENSWARM, NAMELESS, CANCELLED];
      const killed = games.map(async ({ id }) => {
        await (await client.download(id, { install: false, latest: true })).reaches(0.2);
      });
      await Promise.all(killed);
      await client.kill();
      for (const { id } of games) await absent(client.path(id, "version.ini"));
      await present(client.path("alienswarm", ".version.ini.discarded"));
      // What the one journal was about is lost with its first half. Of the other one a cancel has removed the second half, and was killed.
      const journal = (id: string, name: string): string => join(client.state, "games", id, name);
      await rm(journal("nameless", "download.json"));
      await rm(journal("cancelled", "pieces"));
      await writeFile(client.path("cancelled", "mine.txt"), "mine");
      const nameless = await digestTree(client.path("nameless"));
      // A whole game beside which a commit and an update have left their names.
      await stage.place(CNC4, client.games);
      await writeFile(client.path("cnc4", ".version.ini.tmp"), "20990101");
      await writeFile(client.path("cnc4", ".version.ini.discarded"), "20200101");
      // Half games that no journal knows: somebody's own copy that has not ended, and an update in a folder from elsewhere.
      for (const [id, leftover] of [
        ["cnctw", ".version.ini.tmp"],
        ["bfbc2", ".version.ini.discarded"],
      ] as const) {
        await mkdir(client.path(id));
        await writeFile(client.path(id, `${id}.eti`), "the first half");
        await writeFile(client.path(id, leftover), "20240101");
      }
      await client.start();
      await hasDigests(client, "cnc4");
      await source.isOffered("cnc4", 1);
      await entriesAre(client.path("cnc4"), ["cnc4-1.eti", "cnc4-2.eti", "version.ini"]);
      for (const id of ["cnctw", "bfbc2"]) {
        await entriesAre(client.path(id), [`${id}.eti`]);
        equal("the half copy", await readFile(client.path(id, `${id}.eti`), "utf8"), "the first half");
      }
      same("what no journal names", nameless, await digestTree(client.path("nameless")));
      await entriesAre(client.path("cancelled"), ["mine.txt"]);
      await absent(journal("nameless", "pieces"), journal("cancelled", "download.json"));
      const lines = await client.listGames();
      const downloaded = lines.filter((line) => line.downloaded).map(({ id }) => id);
      equal("what counts as downloaded", downloaded, ["cnc4"]);
      await present(client.path("alienswarm", "alienswarm.eti"));
      const refused = await client.download("nameless", { install: false });
      equal("over it", (await refused.endsWith("download-failed")).data["code"], "already-exists");
      same("what no journal names", nameless, await digestTree(client.path("nameless")));
      const second = await client.download("alienswarm", { install: false });
      const end = await second.endsWith("download-finished");
      const game = await stage.know(ALIENSWARM);
      const fetched = bytesFrom(end, source.peerId) / game.bytes;
      prove(
        fetched > 0 && fetched < 0.9,
        `the partial files with a journal are used: ${percent(fetched)} was fetched again`,
      );
      const compared = await sameGame(game, client.path("alienswarm"));
      return `sentinel leftovers swept, an interrupted cancel ended, what no journal names untouched; ${percent(fetched)} fetched; ${compared}`;
    },
  },
];

/** Waits until a peer warns of its games directory with this in the text; resolves with the warning. */
function warns(peer: StagePeer, text: string): Promise<string> {
  return peer.until(`${peer.name} warns: ${text}`, () => {
    const last = peer.harness.events.findLast(({ event }) => event === "local-library-changed");
    const warnings = (last?.data["warnings"] ?? []) as readonly string[];
    return warnings.find((warning) => warning.includes(text));
  });
}

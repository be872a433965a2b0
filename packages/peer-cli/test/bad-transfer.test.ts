import { chmod, link, mkdir, open, readdir, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { smallDisk, smallDiskUnavailable } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { asNobody, nobodyUnavailable } from "./support/as-nobody.ts";
import { runCli, startCli } from "./support/cli.ts";
import { makeGame } from "./support/games.ts";
import { placeOfEachTest } from "./support/place-of-test.ts";
import { untilStopped } from "./support/signals-itself.ts";
import { PATIENT, startTestHarness, type TestHarness, until } from "./support/test-harness.ts";
import { digestsOf, treeOf } from "./support/tree.ts";

const MIB = 1_048_576;
/** Long enough on any machine for something to happen in the middle. */
const LARGE = { "data/large.pak": 480 * MIB, "data/small.pak": 3 * MIB + 5 };

/** What may be fetched twice when a source vanishes, bytes: windows of units that were not whole yet, 300 ms of a fast disk, and what came since the last sample of the progress. */
const CUT_OFF_BYTES = 128 * MIB;
/** After a look that took long, as on a busy machine, the next one may be 30 s away, ms with room to spare. */
const LOOK_AGAIN_MS = 50_000;
/** Who is killed says nothing: the others give up within 50 s, ms with room to spare. */
const SILENCE_MS = 80_000;
/** To a moment in a transfer, or its end, ms: at a hundredth of the usual rate it is still in time. */
const TRANSFER_MS = 240_000;

const place = placeOfEachTest();

/** Starts a peer that has the game and knows its digests. */
async function startSource(id: string): Promise<TestHarness> {
  const source = await place.start("source");
  await until("the digests of the source", async () => {
    const answer = await source.ask({ cmd: "get-game", game_id: id });
    return answer.type === "result" && JSON.stringify(answer.data).includes('"content_id":"');
  });
  return source;
}

/** Starts a receiver that stops when it has more than so many bytes of a download, verified. */
function startStopping(above: number): Promise<TestHarness> {
  const own = { signal: "SIGSTOP", event: "download-progress", field: "done_bytes", isSum: false } as const;
  return place.startSignalling("receiver", { ...own, above });
}

/** Bytes of the last download that the receiver has, verified. */
function arrived(receiver: TestHarness): number {
  return Number(receiver.events("download-progress").at(-1)?.data["done_bytes"] ?? 0);
}

/** Waits until the receiver can get the game from somebody. */
function offered(receiver: TestHarness, id: string): Promise<unknown> {
  return until(`somebody who offers ${id}`, async () => {
    const answer = await receiver.ask({ cmd: "list-games" });
    const games =
      answer.type === "result" ? (answer.data["games"] as { id: string; peer_count: number }[]) : [];
    return games.some((game) => game.id === id && game.peer_count > 0);
  });
}

describe("a download", () => {
  it("of a game that nobody has ends with code 3 and makes nothing", async () => {
    const { args, games } = await place.peer("receiver");
    const { code, stdout, stderr } = await runCli(["get", "quake3", "--wait", "1", ...args]);
    expect(stderr).toContain("(no-peers-have-game)");
    expect(stderr).toContain("quake3");
    expect(stdout).toBe("");
    expect(code).toBe(3);
    expect(await readdir(games)).toEqual([]);
  });

  it.skipIf(nobodyUnavailable !== undefined)(
    `into a folder that may not be written says so; a game in one is shared all the same ${nobodyUnavailable ?? ""}`,
    async () => {
      const from = await place.peer("source");
      const to = await place.peer("receiver");
      await makeGame(from.games, "quake3", { files: { "a.pak": 3 * MIB } });
      await using own = await asNobody.directory();
      for (const path of [place.root, join(place.root, "source"), join(place.root, "receiver")]) {
        await chmod(path, 0o755);
      }
      for (const { games } of [from, to]) await chmod(games, 0o555);
      const state = (name: string): string[] => ["--state-dir", own.join(name)];
      const source = place.keep(startTestHarness([...from.args, ...state("source")], asNobody.options));
      await source.event("local-peer-ready");
      const get = ["get", "quake3", "--no-install", ...PATIENT, ...to.args];
      const refused = await runCli([...get, ...state("receiver")], asNobody.options);
      expect(refused.stderr).toMatch(/quake3.*\(no-permission\)\n {2}\S/);
      expect(refused.stdout).toBe("");
      expect(refused.code).toBe(1);
      expect(await readdir(to.games)).toEqual([]);
      for (const { games } of [from, to]) await chmod(games, 0o755);
      const allowed = await runCli(get);
      expect(allowed.code, allowed.stderr).toBe(0);
      expect(await digestsOf(to.games)).toEqual(await digestsOf(from.games));
    },
  );

  it.skipIf(smallDiskUnavailable() !== undefined)(
    `that does not fit ends with code 5 and both numbers, and makes nothing ${smallDiskUnavailable() ?? ""}`,
    async () => {
      await place.start("source", "--fixture", "quake3");
      await using disk = await smallDisk(2 * MIB);
      const { args } = await place.peer("receiver");
      const options = [...args, "--games-dir", disk.path];
      const { code, stderr } = await runCli(["get", "quake3", "--no-install", ...PATIENT, ...options]);
      expect(stderr).toMatch(/quake3.*\d.* .*\d.*\(disk-full\)\n {2}\S/);
      expect(code).toBe(5);
      expect(await readdir(disk.path)).toEqual([]);
    },
  );

  it.skipIf(smallDiskUnavailable() !== undefined)(
    `whose install does not fit keeps the download and says so ${smallDiskUnavailable() ?? ""}`,
    async () => {
      const source = await place.peer("source");
      await place.start("source", "--fixture", "quake3");
      await using disk = await smallDisk(4 * MIB);
      const { args } = await place.peer("receiver");
      const options = [...args, "--games-dir", disk.path];
      const first = await runCli(["get", "quake3", "--no-install", ...PATIENT, ...options]);
      expect(first.code, first.stderr).toBe(0);
      const second = await runCli(["install", "quake3", ...options]);
      expect(second.stderr).toMatch(/quake3.*\(disk-full\)/);
      expect(second.code).toBe(5);
      expect(await digestsOf(disk.join("quake3"))).toEqual(await digestsOf(join(source.games, "quake3")));
      expect((await readdir(disk.join("quake3"))).sort()).toEqual(["quake3.eti", "version.ini"]);
    },
  );

  it("whose source vanishes says so, is no game, and goes on where it was when the source is back", {
    timeout: 400_000,
  }, async () => {
    const total = LARGE["data/large.pak"] + LARGE["data/small.pak"];
    const from = await place.peer("source");
    await makeGame(from.games, "quake3", { files: LARGE });
    const source = await startSource("quake3");
    const receiver = await startStopping(total / 10);
    const to = await place.peer("receiver");
    await offered(receiver, "quake3");
    await receiver.ask({ cmd: "download", game_id: "quake3", install: false });
    await until("a part of the download", () => arrived(receiver) > total / 10);
    await untilStopped(receiver);
    await source.kill();
    receiver.child.kill("SIGCONT");
    const end = await receiver.event("download-peers-gone", SILENCE_MS);
    expect(String(end.data["message"])).toContain("quake3");
    expect(receiver.events("download-finished")).toEqual([]);
    expect(await readdir(join(to.games, "quake3"))).not.toContain("version.ini");
    const before = arrived(receiver);

    const back = await startSource("quake3");
    const { addr } = (await back.event("local-peer-ready")).data;
    // The old process may still look alive to the receiver.
    await until("the source's new address", async () => {
      const answer = await receiver.ask({ cmd: "list-peers" });
      return answer.type === "result" && JSON.stringify(answer.data).includes(String(addr));
    });
    await offered(receiver, "quake3");
    await receiver.ask({ cmd: "download", game_id: "quake3", install: false });
    const finished = await receiver.event("download-finished", TRANSFER_MS);
    const again = Object.values(finished.data["sources"] as Record<string, number>).reduce(
      (a, b) => a + b,
      0,
    );
    // The rest, and the units that were cut off.
    expect(again).toBeLessThan(total - before + CUT_OFF_BYTES);
    expect(await digestsOf(join(to.games, "quake3"))).toEqual(await digestsOf(join(from.games, "quake3")));
  });

  it("of bytes that changed after they were hashed ends with code 6 and names file and peer", async () => {
    const from = await place.peer("source");
    const root = await makeGame(from.games, "quake3", {
      files: { "data/a.pak": 3 * MIB, "data/b.pak": 100 },
    });
    // Through another name in a folder that nobody watches.
    await mkdir(join(place.root, "elsewhere"));
    const elsewhere = join(place.root, "elsewhere/a.pak");
    await link(join(root, "data/a.pak"), elsewhere);
    const source = await startSource("quake3");
    const status = await source.ask({ cmd: "status" });
    const peerId = status.type === "result" ? String(status.data["peer_id"]) : "";
    await changeSilently(elsewhere, 2 * MIB + 7);
    const to = await place.peer("receiver");
    const { code, stdout, stderr } = await runCli(["get", "quake3", "--no-install", ...PATIENT, ...to.args]);
    expect(stderr).toMatch(/data\/a\.pak.*\(verification\)/);
    expect(stderr).toMatch(new RegExp(`source|${peerId}`));
    expect(stdout).toBe("");
    expect(code).toBe(6);
    expect(await treeOf(to.games)).not.toContain("quake3/version.ini");
  });

  it("of a changed game at a source that notices it brings what is there now", {
    timeout: 400_000,
  }, async () => {
    const from = await place.peer("source");
    const root = await makeGame(from.games, "quake3", { files: { "a.eti": 3 * MIB } });
    const source = await startSource("quake3");
    // An archive: it is looked at once more when the watch is there, which may be only now.
    await writeFile(join(root, "a.eti"), "shorter now");
    const noticed = async (): Promise<boolean> => {
      const answer = await source.ask({ cmd: "get-game", game_id: "quake3" });
      return answer.type === "result" && JSON.stringify(answer.data).includes('"size":11}');
    };
    await until("the new size at the source", noticed, LOOK_AGAIN_MS);
    const to = await place.peer("receiver");
    const { code, stderr } = await runCli(["get", "quake3", "--no-install", ...PATIENT, ...to.args]);
    expect(code, stderr).toBe(0);
    expect(await digestsOf(to.games)).toEqual(await digestsOf(from.games));
  });

  it("that Ctrl+C ends keeps what has come, and what the user has in local/; the same command goes on there", {
    timeout: 400_000,
  }, async () => {
    const from = await place.peer("source");
    await makeGame(from.games, "quake3", { files: LARGE });
    const source = await startSource("quake3");
    const to = await place.peer("receiver");
    await mkdir(join(to.games, "quake3/local"), { recursive: true });
    await writeFile(join(to.games, "quake3/local/save.dat"), "mine");
    const command = ["get", "quake3", "--no-install", "--json", ...PATIENT, ...to.args];
    const get = startCli(command);
    const isUnderWay = async (): Promise<boolean> => {
      if (!(await treeOf(to.games)).includes("quake3/data/large.pak")) return false;
      const status = await source.ask({ cmd: "status" });
      return status.type === "result" && JSON.stringify(status.data["outbound_transfers"]) !== "{}";
    };
    await until("the transfer", isUnderWay, TRANSFER_MS);
    get.child.kill("SIGINT");
    const { code, stderr } = await get.ended;
    expect(code).toBe(4);
    expect(stderr).toContain("goes on from there");
    const tree = await treeOf(to.games);
    expect(tree).toContain("quake3/local/save.dat");
    expect(tree).not.toContain("quake3/version.ini");
    await until("the end of the source's transfers", async () => {
      const status = await source.ask({ cmd: "status" });
      return status.type === "result" && JSON.stringify(status.data["outbound_transfers"]) === "{}";
    });
    const again = await runCli(command);
    expect(again.code, again.stderr).toBe(0);
    await rm(join(to.games, "quake3/local"), { recursive: true });
    expect(await digestsOf(join(to.games, "quake3"))).toEqual(await digestsOf(join(from.games, "quake3")));
  });

  it("at a running peer that Ctrl+C cancels leaves nothing, and what the user has in local/", {
    timeout: 400_000,
  }, async () => {
    const from = await place.peer("source");
    await makeGame(from.games, "quake3", { files: LARGE });
    await startSource("quake3");
    const to = await place.peer("receiver");
    await mkdir(join(to.games, "quake3/local"), { recursive: true });
    await writeFile(join(to.games, "quake3/local/save.dat"), "mine");
    const receiver = await startStopping(0);
    await offered(receiver, "quake3");
    const get = startCli(["get", "quake3", "--no-install", "--state-dir", to.state]);
    await until("some of the download", () => arrived(receiver) > 0);
    await untilStopped(receiver);
    get.child.kill("SIGINT");
    receiver.child.kill("SIGCONT");
    const { code, stdout } = await get.ended;
    expect(code).toBe(4);
    expect(stdout).toBe("");
    await receiver.event("download-cancelled");
    expect(await treeOf(to.games)).toEqual(["quake3/", "quake3/local/", "quake3/local/save.dat"]);
  });
});

/** Flips a byte and gives the file back its time: what a failing disk does. */
async function changeSilently(path: string, offset: number): Promise<void> {
  const before = await stat(path);
  await using file = await open(path, "r+");
  const byte = Buffer.alloc(1);
  await file.read(byte, 0, 1, offset);
  byte[0] = (byte[0] ?? 0) ^ 0xff;
  await file.write(byte, 0, 1, offset);
  await utimes(path, before.atime, before.mtime);
}

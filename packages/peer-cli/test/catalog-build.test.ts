import { appendFile, mkdir, readdir, readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { seededBytes } from "@lanspread/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runCli, startCli } from "./support/cli.ts";
import { makeGame } from "./support/games.ts";
import { makePlace, type PeerPlace, type Place } from "./support/place.ts";
import { type AnswerLine, DEADLINE_MS, type TestHarness, until } from "./support/test-harness.ts";
import { digestsOf, treeOf } from "./support/tree.ts";

const ENTRIES = [{ name: "game.exe", content: seededBytes(7, 1_500_000) }];
const FILES = { "extras/manual.txt": 9_000 };
/** A sparse file of this size takes long enough to read that something can happen meanwhile. */
const ENDLESS_BYTES = 2 ** 40;

let place: Place;
let organiser: PeerPlace;

beforeEach(async () => {
  place = await makePlace();
  organiser = await place.peer("organiser");
});

afterEach(() => place[Symbol.asyncDispose]());

const build = (...args: string[]) => runCli(["catalog", "build", organiser.games, ...args]);

async function start(name: string, ...extra: string[]): Promise<TestHarness> {
  return await place.harness(await place.peer(name), ...extra);
}

/** Makes a game that takes for ever to be hashed, and starts to. */
async function startEndlessBuild(...args: string[]) {
  await makeGame(organiser.games, "ggoo", { entries: ENTRIES });
  const endless = join(organiser.games, "ggoo", "endless.dat");
  await writeFile(endless, "");
  await truncate(endless, ENDLESS_BYTES);
  const cli = place.owns(startCli(["catalog", "build", organiser.games, ...args]));
  await until("the hashing to begin", () => cli.stderr().includes("hashing ggoo: "));
  return { cli, endless };
}

describe("lanspread catalog build", () => {
  it("prints a catalog on stdout, and tells on stderr what it skips and how far it is", async () => {
    await makeGame(organiser.games, "quake3", { entries: ENTRIES, files: FILES });
    await mkdir(join(organiser.games, "notes"));
    const { code, stdout, stderr } = await build("--name", "LAN 2026");
    expect(code, stderr).toBe(0);
    const catalog = JSON.parse(stdout);
    expect(catalog).toEqual({
      format: 1,
      name: "LAN 2026",
      games: [
        {
          ...{ id: "quake3", name: "quake3", version: "20240101", size: expect.any(Number) },
          content_id: expect.stringMatching(/^[0-9a-f]{64}$/),
        },
      ],
    });
    expect(stderr).toContain(
      `skipped: ${join(organiser.games, "notes")} is no game: it has no version.ini\n`,
    );
    expect(stderr).toMatch(/^hashing quake3: 0 B of 1\.\d MiB$/m);
    expect(stderr).toMatch(/^hashing quake3: (1\.\d MiB) of \1, .*\/s, 0 s left$/m);
    expect((await build("--name", "LAN 2026", "--json", "--quiet")).stderr).toBe("");
    const json = await build("--name", "LAN 2026", "--json");
    expect(json.stdout.split("\n")).toEqual([JSON.stringify(catalog), ""]);
  });

  it.skipIf(process.platform !== "linux")(
    "fails where what takes its stdout has no room for all of it",
    async () => {
      for (let n = 0; n < 8; n += 1) await makeGame(organiser.games, `game${n}`, { files: FILES });
      const cut = join(place.root, "cut.json");
      // A file may have one block: the system takes a part of what is written, as a disk does that becomes full.
      const shell = (script: string) => ({ inFront: ["sh", "-c", `${script}; exec "$0" "$@"`] });
      const args = ["catalog", "build", organiser.games, "--quiet"];
      const full = await runCli(args, shell("exec > /dev/full"));
      const short = await runCli(args, shell(`trap '' XFSZ; ulimit -f 1; exec > '${cut}'`));
      for (const { code, stderr } of [full, short]) {
        expect([code, stderr]).toEqual([5, expect.stringContaining("could not be written whole")]);
        expect(stderr).toContain("(disk-full)");
      }
      expect((await readFile(cut, "utf8")).length).toBeGreaterThan(0);
    },
  );

  it("writes a file, and brings it up to date with what people wrote in it", async () => {
    await makeGame(organiser.games, "quake3", { entries: ENTRIES });
    const out = join(place.root, "party.json");
    const first = await build("--out", out);
    expect(first).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^wrote .*party\.json {2}1 game, 1\.\d MiB\n$/),
    });
    const text = await readFile(out, "utf8");
    await writeFile(out, text.replace('"name": "quake3"', '"name": "Quake III",\n"genre": "Arena"'));
    const second = await build("--out", out, "--json");
    expect(second.code).toBe(0);
    expect(JSON.parse(second.stdout)).toEqual({
      ...{ file: out, name: "games", kept: [], failed: [], skipped: [] },
      games: JSON.parse(text).games.map(({ name: _, ...measured }: { name: string }) => measured),
    });
    expect(JSON.parse(await readFile(out, "utf8")).games).toMatchObject([
      { name: "Quake III", genre: "Arena" },
    ]);
    expect(await build()).not.toMatchObject({ stdout: await readFile(out, "utf8") });
    expect(await build("--merge", out)).toMatchObject({ stdout: await readFile(out, "utf8") });
  });

  it("does not replace what is no catalog, and says what to do", async () => {
    await makeGame(organiser.games, "quake3", { entries: ENTRIES });
    const out = join(place.root, "notes.txt");
    await writeFile(out, "mine");
    const refused = await build("--out", out);
    expect(refused).toMatchObject({ code: 1, stdout: "" });
    expect(refused.stderr).toMatch(/^error: .*notes\.txt .*\(already-exists\)\n {2}.*--force/);
    expect(await readFile(out, "utf8")).toBe("mine");
    expect((await build("--out", out, "--force")).code).toBe(0);
    expect(JSON.parse(await readFile(out, "utf8")).games).toHaveLength(1);
  });

  it("ends with 3 where there is no game", async () => {
    await mkdir(join(organiser.games, "empty"));
    const { code, stdout, stderr } = await build("--out", join(place.root, "party.json"));
    expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
    expect(stderr).toContain(`error: there is no game in ${organiser.games} (nothing-found)\n  `);
    expect(await readdir(place.root)).toEqual(["organiser"]);
  });

  it.each([
    ["no folder", [], 2, "missing required argument"],
    ["a folder that is not there", ["/nonexistent/games"], 1, "/nonexistent/games"],
  ])("with %s ends with an error", async (_, args, code, text) => {
    const result = await runCli(["catalog", "build", ...args]);
    expect(result).toMatchObject({ code, stdout: "", stderr: expect.stringContaining(text) });
  });

  it.each(["SIGINT", "SIGTERM"] as const)(
    "ends with 4 at %s, and nothing is half written",
    async (signal) => {
      const out = join(place.root, "party.json");
      const before = JSON.stringify({ format: 1, name: "x", games: [{ id: "old", name: "Old" }] });
      await writeFile(out, before);
      const { cli } = await startEndlessBuild("--out", out);
      const tree = await treeOf(place.root);
      cli.child.kill(signal);
      expect(await cli.ended).toMatchObject({ code: 4, signal: null, stdout: "" });
      expect(await readFile(out, "utf8")).toBe(before);
      expect(await treeOf(place.root)).toEqual(tree);
    },
  );

  it("leaves out a game that changes while it is hashed, names the file, and ends with 1", async () => {
    await makeGame(organiser.games, "aa", { entries: ENTRIES });
    const { cli, endless } = await startEndlessBuild();
    await appendFile(endless, "x");
    const { code, stdout, stderr } = await cli.ended;
    expect(code).toBe(1);
    expect(stderr).toContain(
      `error: ggoo: ${endless} changed while it was hashed (operation-in-progress)\n  Build`,
    );
    expect(stderr).toContain("ggoo is left out of the catalog\n");
    expect(JSON.parse(stdout).games.map(({ id }: { id: string }) => id)).toEqual(["aa"]);
  });
});

describe("a peer with a built catalog", () => {
  it("fetches these very bytes, and refuses others of the same version", async () => {
    await makeGame(organiser.games, "quake3", { entries: ENTRIES, files: FILES });
    const catalog = join(place.root, "party.json");
    expect((await build("--out", catalog)).code).toBe(0);
    const forger = await place.peer("forger");
    const forged = await makeGame(forger.games, "quake3", { entries: ENTRIES, files: FILES });
    const manual = join(forged, "extras", "manual.txt");
    const bytes = await readFile(manual);
    await writeFile(
      manual,
      bytes.map((byte, index) => (index === 0 ? byte ^ 1 : byte)),
    );

    const source = await start("forger");
    // Who has hashed its copy announces that: from then on it is refused for its bytes alone.
    await until("the forger to have hashed its copy", async () => hasContent(await getGame(source)));
    const guest = await start("guest", "--catalog", catalog);
    await guest.ask({ cmd: "wait-peers", count: 1, timeout_ms: DEADLINE_MS });
    expect(await getGame(guest)).toMatchObject({ type: "error", code: "no-peers-have-game" });
    await guest.ask({ cmd: "download", game_id: "quake3", install: false });
    await guest.event("no-peers-have-game");
    const { games } = await place.peer("guest");
    expect(await readdir(games)).toEqual([]);

    const right = await start("organiser");
    await until("the organiser's copy to be offered", async () => hasContent(await getGame(guest)));
    await guest.ask({ cmd: "download", game_id: "quake3", install: false });
    const { data } = await guest.event("download-finished");
    const { peer_id } = (await right.event("local-peer-ready")).data;
    expect(Object.keys(Object(data["sources"]))).toEqual([peer_id]);
    expect(await digestsOf(join(games, "quake3"))).toEqual(await digestsOf(join(organiser.games, "quake3")));
  });
});

const getGame = (harness: TestHarness) => harness.ask({ cmd: "get-game", game_id: "quake3" });

/** Whether an answer to `get-game` has a manifest whose bytes are known. */
function hasContent(answer: AnswerLine): boolean {
  return answer.type === "result" && JSON.stringify(answer.data).includes('"content_id":"');
}

import { execFile } from "node:child_process";
import {
  appendFileSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import {
  chmod,
  mkdir,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import {
  eventually,
  seededBytes,
  type TemporaryDirectory,
  temporaryDirectory,
  writeRar5,
} from "@lanspread/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type BuildCatalogOptions, buildCatalog, createCatalog } from "../../src/catalog/index.ts";

const run = promisify(execFile);

const BYTES = 3_000_001;
/** Long enough that progress is told in its middle. */
const LARGE_BYTES = 100 * 1024 * 1024;

let place: TemporaryDirectory;
let gamesDir: string;

beforeEach(async () => {
  place = await temporaryDirectory("lanspread-catalog-");
  gamesDir = place.join("games");
  await mkdir(gamesDir);
});
afterEach(() => place[Symbol.asyncDispose]());

async function makeGame(id: string, version = "2024.01.01"): Promise<string> {
  const root = join(gamesDir, id);
  await mkdir(join(root, "extras"), { recursive: true });
  await writeRar5(join(root, `${id}.eti`), [{ name: "game.exe", content: seededBytes(1, BYTES) }]);
  await writeFile(join(root, "extras", "manual.txt"), "Read me.\n");
  await writeFile(join(root, "version.ini"), `[game]\nversion=${version}\n`);
  return root;
}

function build(options: Partial<BuildCatalogOptions> = {}): ReturnType<typeof buildCatalog> {
  return buildCatalog({ gamesDir, ...options });
}

/** Does something when a game is listed and its turn to be hashed has come, before a byte of it is read. */
function once(id: string, change: () => void): NonNullable<BuildCatalogOptions["onProgress"]> {
  let done = false;
  return ({ gameId }) => {
    if (done || gameId !== id) return;
    done = true;
    change();
  };
}

/** Every path below the place, so that nothing is written unseen. */
async function everything(): Promise<string[]> {
  return (await readdir(place.path, { recursive: true })).sort();
}

describe("a catalog that is built", () => {
  it("has version, size and content of every game, by id, and is the same each time", async () => {
    await makeGame("zz");
    await makeGame("aa", "7");
    const [first, second] = [await build(), await build()];
    expect(second.text).toBe(first.text);
    const catalog = createCatalog(first.text, "built");
    expect(catalog.name).toBe("games");
    expect(catalog.entries()).toMatchObject([
      { id: "aa", name: "aa", version: "7" },
      { id: "zz", name: "zz", version: "20240101" },
    ]);
    const sizes = await Promise.all(
      ["zz.eti", "extras/manual.txt", "version.ini"].map(
        async (path) => (await stat(join(gamesDir, "zz", path))).size,
      ),
    );
    expect(catalog.entries()[1]?.size).toBe(sizes.reduce((sum, size) => sum + size));
    expect(first).toMatchObject({ failed: [], kept: [], skipped: [], file: null });
  });

  it("does not depend on what is no payload, and on every byte of what is", async () => {
    const root = await makeGame("ggoo");
    const before = (await build()).text;
    await mkdir(join(root, "local"));
    await writeFile(join(root, "local", "save.dat"), "mine");
    await writeFile(join(root, ".softlan_game_installed"), "");
    expect((await build()).text).toBe(before);
    const archive = join(root, "ggoo.eti");
    const { atime, mtime } = await stat(archive);
    const bytes = await readFile(archive);
    bytes[BYTES - 1] = (bytes[BYTES - 1] ?? 0) ^ 1;
    await writeFile(archive, bytes);
    await utimes(archive, atime, mtime);
    const after = createCatalog((await build()).text, "built").entries()[0];
    const earlier = createCatalog(before, "built").entries()[0];
    expect(after).toEqual({ ...earlier, content_id: after?.content_id });
    expect(after?.content_id).not.toBe(earlier?.content_id);
  });

  it("leaves out what is no game, with the reason", async () => {
    const root = await makeGame("ggoo");
    await mkdir(join(gamesDir, "nothing"));
    await mkdir(join(gamesDir, "Bad Name"));
    await mkdir(join(gamesDir, "broken"));
    await writeFile(join(gamesDir, "broken", "version.ini"), "; nothing\n");
    await mkdir(join(gamesDir, "nested", "inner"), { recursive: true });
    await writeFile(join(gamesDir, "nested", "inner", "version.ini"), "1\n");
    await symlink(root, join(gamesDir, "link"));
    await writeFile(join(gamesDir, "notes.txt"), "a file is no folder");
    const told: string[] = [];
    const { games, skipped } = await build({ onSkipped: (sentence) => told.push(sentence) });
    expect(games.map(({ id }) => id)).toEqual(["ggoo"]);
    const reasons = {
      nothing: "it has no version.ini",
      "Bad Name": "a game's folder has a name of",
      broken: "has no version in it",
      nested: "it has no version.ini",
      link: "links are not followed",
    };
    for (const [name, reason] of Object.entries(reasons)) {
      const sentence = skipped.find((text) => text.startsWith(`${join(gamesDir, name)} is no game: `));
      expect(sentence, name).toContain(reason);
    }
    expect(skipped).toHaveLength(Object.keys(reasons).length);
    expect(told).toEqual(skipped);
  });

  it("says what it leaves out of a game", async () => {
    const root = await makeGame("ggoo");
    await symlink("/etc/hostname", join(root, "extras", "link"));
    await run("mkfifo", [join(root, "pipe")]);
    const { games, skipped } = await build();
    expect(games.map(({ id }) => id)).toEqual(["ggoo"]);
    expect([...skipped].sort()).toEqual([
      `${join(root, "extras", "link")} is left out: it is a link`,
      `${join(root, "pipe")} is left out: it is a pipe`,
    ]);
  });

  it("tells how far it is: all bytes of all games, with a rate", async () => {
    await makeGame("aa");
    await makeGame("bb");
    const samples: { gameId: string; doneBytes: number; totalBytes: number }[] = [];
    const { games } = await build({ onProgress: (sample) => samples.push(sample) });
    const total = games.reduce((sum, { size = 0 }) => sum + size, 0);
    expect(new Set(samples.map(({ totalBytes }) => totalBytes))).toEqual(new Set([total]));
    const done = samples.map(({ doneBytes }) => doneBytes);
    expect(done).toEqual(done.toSorted((a, b) => a - b));
    expect(samples.at(0)).toMatchObject({
      gameId: "aa",
      doneBytes: 0,
      bytesPerSecond: null,
      etaSeconds: null,
    });
    expect(samples.at(-1)).toMatchObject({ gameId: "bb", doneBytes: total, etaSeconds: 0 });
    expect(samples.at(-1)).toHaveProperty("bytesPerSecond", expect.any(Number));
  });
});

describe("a game that changes while it is hashed is left out and told", () => {
  it.each<[string, (root: string) => void]>([
    ["a file that grows", (root) => appendFileSync(join(root, "ggoo.eti"), "x")],
    ["a file that shrinks", (root) => truncateSync(join(root, "ggoo.eti"), 10)],
    ["a file that is gone", (root) => rmSync(join(root, "extras", "manual.txt"))],
    ["a new file", (root) => writeFileSync(join(root, "extras", "new.txt"), "")],
    ["another version", (root) => writeFileSync(join(root, "version.ini"), "2025.01.01\n")],
    ["no version", (root) => rmSync(join(root, "version.ini"))],
    ["a root that is gone", (root) => renameSync(root, place.join("away"))],
    [
      "a root that is a link now",
      (root) => {
        renameSync(root, place.join("away"));
        symlinkSync(place.join("away"), root);
      },
    ],
  ])("%s", async (_, change) => {
    await makeGame("aa");
    const root = await makeGame("ggoo");
    await makeGame("zz");
    const failed: string[] = [];
    const built = await build({
      onProgress: once("ggoo", () => change(root)),
      onFailed: ({ id, error }) => failed.push(`${id}: ${error.message}`),
    });
    expect(built.games.map(({ id }) => id)).toEqual(["aa", "zz"]);
    expect(built.failed.map(({ id }) => id)).toEqual(["ggoo"]);
    expect(failed).toEqual([expect.stringMatching(/^ggoo: .*ggoo/)]);
  });

  it("and so is one in which a file changes that was hashed already", async () => {
    const root = await makeGame("ggoo");
    await truncate(join(root, "ggoo.eti"), LARGE_BYTES);
    const built = await build({
      onProgress: ({ doneBytes, totalBytes }) => {
        const isUnderWay = doneBytes > 0 && doneBytes < totalBytes;
        if (isUnderWay) writeFileSync(join(root, "extras", "manual.txt"), "Read us.\n");
      },
    });
    expect(built).toMatchObject({
      games: [],
      failed: [{ id: "ggoo", error: { code: "operation-in-progress" } }],
    });
    expect(built.failed[0]?.error.message).toBe(`${root} changed while it was hashed`);
    expect(built.failed[0]?.error.hint).toContain("again");
  });

  it("and what people wrote about it stays in the catalog as it was", async () => {
    const root = await makeGame("ggoo");
    await makeGame("aa");
    const out = place.join("party.json");
    await build({ out });
    const before = createCatalog(await readFile(out, "utf8"), out).entries()[1];
    const change = once("ggoo", () => appendFileSync(join(root, "ggoo.eti"), "x"));
    const built = await build({ out, prune: true, onProgress: change });
    expect(built).toMatchObject({ kept: ["ggoo"], failed: [{ id: "ggoo" }], file: out });
    expect(createCatalog(await readFile(out, "utf8"), out).entries()[1]).toEqual(before);
  });

  it("a game whose list of files is longer than a peer may send is told", async () => {
    const root = await makeGame("ggoo");
    const deep = Array.from({ length: 4 }, () => "x".repeat(250)).join("/");
    await mkdir(join(root, deep), { recursive: true });
    await makeGame("zz");
    // Some 8 MiB of paths.
    const names = Array.from({ length: 8_300 }, (_, n) => join(root, deep, String(n).padStart(5, "0")));
    for (const name of names) writeFileSync(name, "");
    const built = await build();
    expect(built.games.map(({ id }) => id)).toEqual(["zz"]);
    expect(built.failed).toMatchObject([{ id: "ggoo", error: { code: "forbidden-path" } }]);
    expect(built.failed[0]?.error.message).toContain("the list of its 8303 files");
  });

  it("a game whose names cannot be shared is told with the name", async () => {
    const root = await makeGame("ggoo");
    await writeFile(join(root, "con.txt"), "");
    const built = await build();
    expect(built).toMatchObject({ games: [], failed: [{ error: { code: "forbidden-path" } }] });
    expect(built.failed[0]?.error.message).toContain("con.txt");
  });
});

describe("the file of a built catalog", () => {
  it("keeps what people wrote, over and over, also what they write while games are hashed", async () => {
    await makeGame("ggoo");
    const out = place.join("party.json");
    await build({ out, name: "LAN 2026" });
    const edit = (fields: object): void => {
      const file = JSON.parse(readFileSync(out, "utf8"));
      Object.assign(file.games[0], fields);
      writeFileSync(out, JSON.stringify(file));
    };
    edit({ name: "Great Game", genre: "Arena" });
    await writeFile(join(gamesDir, "ggoo", "version.ini"), "2025.02.03\n");
    await build({ out, onProgress: once("ggoo", () => edit({ description: "Written meanwhile." })) });
    const catalog = createCatalog(await readFile(out, "utf8"), out);
    expect(catalog.name).toBe("LAN 2026");
    expect(catalog.entries()).toMatchObject([
      { name: "Great Game", genre: "Arena", description: "Written meanwhile.", version: "20250203" },
    ]);
    expect(await everything()).not.toContainEqual(expect.stringContaining(".tmp"));
  });

  it("keeps entries of games that are elsewhere, and drops them when that is asked for", async () => {
    await makeGame("ggoo");
    const out = place.join("party.json");
    const other = { id: "other", name: "On another disk", version: "1" };
    await writeFile(out, JSON.stringify({ format: 1, name: "x", games: [other] }));
    expect(await build({ out })).toMatchObject({ kept: ["other"] });
    expect(createCatalog(await readFile(out, "utf8"), out).entries()[1]).toEqual(other);
    expect(await build({ out, prune: true })).toMatchObject({ kept: [] });
    expect(createCatalog(await readFile(out, "utf8"), out).entries()).toHaveLength(1);
  });

  it("is merged from another one, which is only read", async () => {
    await makeGame("ggoo");
    const merge = place.join("last-year.json");
    const text = JSON.stringify({
      format: 1,
      name: "2025",
      games: [{ id: "ggoo", name: "Great Game", year: 2012 }],
    });
    await writeFile(merge, text);
    const out = place.join("party.json");
    await build({ out, merge });
    expect(createCatalog(await readFile(out, "utf8"), out).entries()).toMatchObject([
      { name: "Great Game", year: 2012 },
    ]);
    expect(await readFile(merge, "utf8")).toBe(text);
  });

  it.each([
    ["notes of somebody", "remember the milk\n"],
    ["a catalog with a fault in it", '{ "format": 1, "name": "x", "games": [{ "id": "a" }] }'],
    ["an empty file", ""],
  ])("does not replace %s, unless that is asked for", async (_, text) => {
    await makeGame("ggoo");
    const out = place.join("party.json");
    await writeFile(out, text);
    const before = await everything();
    const hashed: unknown[] = [];
    await expect(build({ out, onProgress: (sample) => hashed.push(sample) })).rejects.toMatchObject({
      code: "already-exists",
      message: expect.stringContaining(out),
      hint: expect.stringContaining("--force"),
    });
    expect(hashed).toEqual([]);
    expect(await readFile(out, "utf8")).toBe(text);
    expect(await everything()).toEqual(before);
    await build({ out, force: true });
    expect(createCatalog(await readFile(out, "utf8"), out).entries()).toHaveLength(1);
  });

  it("is written through a link, not over it", async () => {
    await makeGame("ggoo");
    await writeFile(place.join("real.json"), JSON.stringify({ format: 1, name: "real", games: [] }));
    await symlink(place.join("real.json"), place.join("link.json"));
    expect((await build({ out: place.join("link.json") })).file).toBe(place.join("real.json"));
    expect(createCatalog(await readFile(place.join("real.json"), "utf8"), "x").name).toBe("real");
    expect((await readdir(place.path)).sort()).toEqual(["games", "link.json", "real.json"]);
  });

  it("is not made at a link that leads nowhere, which is said", async () => {
    await makeGame("ggoo");
    for (const target of ["nothing.json", "link.json"]) {
      await symlink(place.join(target), place.join("link.json"));
      await expect(build({ out: place.join("link.json"), force: true })).rejects.toMatchObject({
        code: "already-exists",
        message: `${place.join("link.json")} is a link that leads nowhere; it stays as it is`,
      });
      expect((await readdir(place.path)).sort()).toEqual(["games", "link.json"]);
      await rm(place.join("link.json"));
    }
  });

  it("is readable for whom it was readable before", async () => {
    await makeGame("ggoo");
    const out = place.join("party.json");
    await build({ out });
    for (const mode of [0o600, 0o444]) {
      await chmod(out, mode);
      await build({ out });
      expect((await stat(out)).mode & 0o777).toBe(mode);
    }
  });

  it("is whole whoever else writes it at the same moment, and takes no file of anybody's with it", async () => {
    await makeGame("ggoo");
    const out = place.join("party.json");
    const mine = place.join(".party.json.tmp");
    await writeFile(mine, "mine");
    // Each in a process of its own: within one they wait for each other.
    const module = new URL("../../src/catalog/index.ts", import.meta.url).href;
    const script = `
      import { buildCatalog } from ${JSON.stringify(module)};
      for (let n = 0; n < 20; n += 1) {
        await buildCatalog(${JSON.stringify({ gamesDir, out })});
      }`;
    const args = ["--conditions=source", "--input-type=module", "-e", script];
    const builds = Array.from({ length: 3 }, () => run(process.execPath, args));
    let over = false;
    const ended = Promise.all(builds).finally(() => {
      over = true;
    });
    const sizes = new Set<number>();
    await eventually(
      async () => {
        const text = await readFile(out, "utf8").catch(() => null);
        if (text !== null) sizes.add(createCatalog(text, out).entries().length);
        return over;
      },
      { deadlineMs: 50_000, intervalMs: 1 },
    );
    await ended;
    expect([...sizes]).toEqual([1]);
    expect((await readdir(place.path)).sort()).toEqual([".party.json.tmp", "games", "party.json"]);
    expect(await readFile(mine, "utf8")).toBe("mine");
  });

  it.each<[string, () => Partial<BuildCatalogOptions>, string]>([
    ["a directory", () => ({ out: gamesDir, force: true }), "already-exists"],
    ["inside of a game", () => ({ out: join(gamesDir, "ggoo", "party.json") }), "bad-request"],
    [
      "below a directory that is not there",
      () => ({ out: place.join("no", "party.json") }),
      "no-such-directory",
    ],
    ["below a file", () => ({ out: join(gamesDir, "ggoo", "version.ini", "party.json") }), "not-a-directory"],
    ["under no name", () => ({ out: place.join("party.json"), name: "" }), "bad-request"],
    ["of a directory that is not there", () => ({ gamesDir: place.join("no") }), "no-such-directory"],
    ["of a file", () => ({ gamesDir: join(gamesDir, "ggoo", "version.ini") }), "not-a-directory"],
    ["merged with nothing", () => ({ merge: place.join("no.json") }), "no-such-file"],
    [
      "merged with what is no catalog",
      () => ({ merge: join(gamesDir, "ggoo", "version.ini") }),
      "catalog-invalid",
    ],
  ])("is not made %s, which is found out before anything is hashed", async (_, options, code) => {
    await makeGame("ggoo");
    const before = await everything();
    const hashed: unknown[] = [];
    const building = build({ onProgress: (sample) => hashed.push(sample), ...options() });
    await expect(building).rejects.toMatchObject({ code });
    expect(hashed).toEqual([]);
    expect(await everything()).toEqual(before);
  });

  it("is not touched where no game is found", async () => {
    const out = place.join("party.json");
    const text = JSON.stringify({ format: 1, name: "x", games: [{ id: "a", name: "A" }] });
    await writeFile(out, text);
    expect(await build({ out, prune: true })).toMatchObject({ measured: [], file: null });
    expect(await readFile(out, "utf8")).toBe(text);
  });

  it("is not written when the building is cancelled, at any moment", async () => {
    await makeGame("aa");
    await makeGame("bb");
    const out = place.join("party.json");
    const before = await everything();
    let samples = 0;
    await build({ onProgress: () => (samples += 1) });
    expect(samples).toBeGreaterThan(3);
    for (let moment = 1; moment <= samples; moment += 1) {
      const abort = new AbortController();
      let seen = 0;
      const onProgress = (): void => {
        seen += 1;
        if (seen === moment) abort.abort();
      };
      await expect(build({ out, signal: abort.signal, onProgress })).rejects.toMatchObject({
        name: "AbortError",
      });
      expect(await everything()).toEqual(before);
    }
    await expect(build({ out, signal: AbortSignal.abort() })).rejects.toMatchObject({ name: "AbortError" });
  });
});

import { execFile } from "node:child_process";
import { appendFileSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { mkdir, readFile, stat, symlink, truncate, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createCatalog } from "../../src/catalog/index.ts";
import { BYTES, once, Workshop } from "./workshop.ts";

const run = promisify(execFile);

/** Long enough that progress is told in its middle. */
const LARGE_BYTES = 100 * 1024 * 1024;

let workshop: Workshop;

beforeEach(async () => {
  workshop = await Workshop.make();
});
afterEach(() => workshop[Symbol.asyncDispose]());

describe("a catalog that is built", () => {
  it("has version, size and content of every game, by id, and is the same each time", async () => {
    await workshop.makeGame("zz");
    await workshop.makeGame("aa", "7");
    const [first, second] = [await workshop.build(), await workshop.build()];
    expect(second.text).toBe(first.text);
    const catalog = createCatalog(first.text, "built");
    expect(catalog.name).toBe("games");
    expect(catalog.entries()).toMatchObject([
      { id: "aa", name: "aa", version: "7" },
      { id: "zz", name: "zz", version: "20240101" },
    ]);
    const sizes = await Promise.all(
      ["zz.eti", "extras/manual.txt", "version.ini"].map(
        async (path) => (await stat(join(workshop.gamesDir, "zz", path))).size,
      ),
    );
    expect(catalog.entries()[1]?.size).toBe(sizes.reduce((sum, size) => sum + size));
    expect(first).toMatchObject({ failed: [], kept: [], skipped: [], file: null });
  });

  it("does not depend on what is no payload, and on every byte of what is", async () => {
    const root = await workshop.makeGame("ggoo");
    const before = (await workshop.build()).text;
    await mkdir(join(root, "local"));
    await writeFile(join(root, "local", "save.dat"), "mine");
    await writeFile(join(root, ".softlan_game_installed"), "");
    expect((await workshop.build()).text).toBe(before);
    const archive = join(root, "ggoo.eti");
    const { atime, mtime } = await stat(archive);
    const bytes = await readFile(archive);
    bytes[BYTES - 1] = (bytes[BYTES - 1] ?? 0) ^ 1;
    await writeFile(archive, bytes);
    await utimes(archive, atime, mtime);
    const after = createCatalog((await workshop.build()).text, "built").entries()[0];
    const earlier = createCatalog(before, "built").entries()[0];
    expect(after).toEqual({ ...earlier, content_id: after?.content_id });
    expect(after?.content_id).not.toBe(earlier?.content_id);
  });

  it("leaves out what is no game, with the reason", async () => {
    const root = await workshop.makeGame("ggoo");
    await mkdir(join(workshop.gamesDir, "nothing"));
    await mkdir(join(workshop.gamesDir, "Bad Name"));
    await mkdir(join(workshop.gamesDir, "broken"));
    await writeFile(join(workshop.gamesDir, "broken", "version.ini"), "; nothing\n");
    await mkdir(join(workshop.gamesDir, "nested", "inner"), { recursive: true });
    await writeFile(join(workshop.gamesDir, "nested", "inner", "version.ini"), "1\n");
    await symlink(root, join(workshop.gamesDir, "link"));
    await writeFile(join(workshop.gamesDir, "notes.txt"), "a file is no folder");
    const told: string[] = [];
    const { games, skipped } = await workshop.build({ onSkipped: (sentence) => told.push(sentence) });
    expect(games.map(({ id }) => id)).toEqual(["ggoo"]);
    const reasons = {
      nothing: "it has no version.ini",
      "Bad Name": "a game's folder has a name of",
      broken: "has no version in it",
      nested: "it has no version.ini",
      link: "links are not followed",
    };
    for (const [name, reason] of Object.entries(reasons)) {
      const sentence = skipped.find((text) =>
        text.startsWith(`${join(workshop.gamesDir, name)} is no game: `),
      );
      expect(sentence, name).toContain(reason);
    }
    expect(skipped).toHaveLength(Object.keys(reasons).length);
    expect(told).toEqual(skipped);
  });

  it("says what it leaves out of a game", async () => {
    const root = await workshop.makeGame("ggoo");
    await symlink("/etc/hostname", join(root, "extras", "link"));
    await run("mkfifo", [join(root, "pipe")]);
    const { games, skipped } = await workshop.build();
    expect(games.map(({ id }) => id)).toEqual(["ggoo"]);
    expect([...skipped].sort()).toEqual([
      `${join(root, "extras", "link")} is left out: it is a link`,
      `${join(root, "pipe")} is left out: it is a pipe`,
    ]);
  });

  it("tells how far it is: all bytes of all games, with a rate", async () => {
    await workshop.makeGame("aa");
    await workshop.makeGame("bb");
    const samples: { gameId: string; doneBytes: number; totalBytes: number }[] = [];
    const { games } = await workshop.build({ onProgress: (sample) => samples.push(sample) });
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
    ["a root that is gone", (root) => renameSync(root, workshop.join("away"))],
    [
      "a root that is a link now",
      (root) => {
        renameSync(root, workshop.join("away"));
        symlinkSync(workshop.join("away"), root);
      },
    ],
  ])("%s", async (_, change) => {
    await workshop.makeGame("aa");
    const root = await workshop.makeGame("ggoo");
    await workshop.makeGame("zz");
    const failed: string[] = [];
    const built = await workshop.build({
      onProgress: once("ggoo", () => change(root)),
      onFailed: ({ id, error }) => failed.push(`${id}: ${error.message}`),
    });
    expect(built.games.map(({ id }) => id)).toEqual(["aa", "zz"]);
    expect(built.failed.map(({ id }) => id)).toEqual(["ggoo"]);
    expect(failed).toEqual([expect.stringMatching(/^ggoo: .*ggoo/)]);
  });

  it("and so is one in which a file changes that was hashed already", async () => {
    const root = await workshop.makeGame("ggoo");
    await truncate(join(root, "ggoo.eti"), LARGE_BYTES);
    const built = await workshop.build({
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
    const root = await workshop.makeGame("ggoo");
    await workshop.makeGame("aa");
    const out = workshop.join("party.json");
    await workshop.build({ out });
    const before = createCatalog(await readFile(out, "utf8"), out).entries()[1];
    const change = once("ggoo", () => appendFileSync(join(root, "ggoo.eti"), "x"));
    const built = await workshop.build({ out, prune: true, onProgress: change });
    expect(built).toMatchObject({ kept: ["ggoo"], failed: [{ id: "ggoo" }], file: out });
    expect(createCatalog(await readFile(out, "utf8"), out).entries()[1]).toEqual(before);
  });

  it("a game whose list of files is longer than a peer may send is told", async () => {
    const root = await workshop.makeGame("ggoo");
    const deep = Array.from({ length: 4 }, () => "x".repeat(250)).join("/");
    await mkdir(join(root, deep), { recursive: true });
    await workshop.makeGame("zz");
    // Some 8 MiB of paths.
    const names = Array.from({ length: 8_300 }, (_, n) => join(root, deep, String(n).padStart(5, "0")));
    for (const name of names) writeFileSync(name, "");
    const built = await workshop.build();
    expect(built.games.map(({ id }) => id)).toEqual(["zz"]);
    expect(built.failed).toMatchObject([{ id: "ggoo", error: { code: "forbidden-path" } }]);
    expect(built.failed[0]?.error.message).toContain("the list of its 8303 files");
  });

  it("a game whose names cannot be shared is told with the name", async () => {
    const root = await workshop.makeGame("ggoo");
    await writeFile(join(root, "con.txt"), "");
    const built = await workshop.build();
    expect(built).toMatchObject({ games: [], failed: [{ error: { code: "forbidden-path" } }] });
    expect(built.failed[0]?.error.message).toContain("con.txt");
  });
});

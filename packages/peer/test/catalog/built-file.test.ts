import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { chmod, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { eventually } from "@lanspread/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type BuildCatalogOptions, createCatalog } from "../../src/catalog/index.ts";
import { once, Workshop } from "./workshop.ts";

const run = promisify(execFile);

let workshop: Workshop;

beforeEach(async () => {
  workshop = await Workshop.make();
});
afterEach(() => workshop[Symbol.asyncDispose]());

describe("the file of a built catalog", () => {
  it("keeps what people wrote, over and over, also what they write while games are hashed", async () => {
    await workshop.makeGame("ggoo");
    const out = workshop.join("party.json");
    await workshop.build({ out, name: "LAN 2026" });
    const edit = (fields: object): void => {
      const file = JSON.parse(readFileSync(out, "utf8"));
      Object.assign(file.games[0], fields);
      writeFileSync(out, JSON.stringify(file));
    };
    edit({ name: "Great Game", genre: "Arena" });
    await writeFile(join(workshop.gamesDir, "ggoo", "version.ini"), "2025.02.03\n");
    await workshop.build({
      out,
      onProgress: once("ggoo", () => edit({ description: "Written meanwhile." })),
    });
    const catalog = createCatalog(await readFile(out, "utf8"), out);
    expect(catalog.name).toBe("LAN 2026");
    expect(catalog.entries()).toMatchObject([
      { name: "Great Game", genre: "Arena", description: "Written meanwhile.", version: "20250203" },
    ]);
    expect(await workshop.everything()).not.toContainEqual(expect.stringContaining(".tmp"));
  });

  it("keeps entries of games that are elsewhere, and drops them when that is asked for", async () => {
    await workshop.makeGame("ggoo");
    const out = workshop.join("party.json");
    const other = { id: "other", name: "On another disk", version: "1" };
    await writeFile(out, JSON.stringify({ format: 1, name: "x", games: [other] }));
    expect(await workshop.build({ out })).toMatchObject({ kept: ["other"] });
    expect(createCatalog(await readFile(out, "utf8"), out).entries()[1]).toEqual(other);
    expect(await workshop.build({ out, prune: true })).toMatchObject({ kept: [] });
    expect(createCatalog(await readFile(out, "utf8"), out).entries()).toHaveLength(1);
  });

  it("is merged from another one, which is only read", async () => {
    await workshop.makeGame("ggoo");
    const merge = workshop.join("last-year.json");
    const text = JSON.stringify({
      format: 1,
      name: "2025",
      games: [{ id: "ggoo", name: "Great Game", year: 2012 }],
    });
    await writeFile(merge, text);
    const out = workshop.join("party.json");
    await workshop.build({ out, merge });
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
    await workshop.makeGame("ggoo");
    const out = workshop.join("party.json");
    await writeFile(out, text);
    const before = await workshop.everything();
    const hashed: unknown[] = [];
    await expect(workshop.build({ out, onProgress: (sample) => hashed.push(sample) })).rejects.toMatchObject({
      code: "already-exists",
      message: expect.stringContaining(out),
      hint: expect.stringContaining("--force"),
    });
    expect(hashed).toEqual([]);
    expect(await readFile(out, "utf8")).toBe(text);
    expect(await workshop.everything()).toEqual(before);
    await workshop.build({ out, force: true });
    expect(createCatalog(await readFile(out, "utf8"), out).entries()).toHaveLength(1);
  });

  it("is written through a link, not over it", async () => {
    await workshop.makeGame("ggoo");
    await writeFile(workshop.join("real.json"), JSON.stringify({ format: 1, name: "real", games: [] }));
    await symlink(workshop.join("real.json"), workshop.join("link.json"));
    expect((await workshop.build({ out: workshop.join("link.json") })).file).toBe(workshop.join("real.json"));
    expect(createCatalog(await readFile(workshop.join("real.json"), "utf8"), "x").name).toBe("real");
    expect((await readdir(workshop.path)).sort()).toEqual(["games", "link.json", "real.json"]);
  });

  it("is not made at a link that leads nowhere, which is said", async () => {
    await workshop.makeGame("ggoo");
    for (const target of ["nothing.json", "link.json"]) {
      await symlink(workshop.join(target), workshop.join("link.json"));
      await expect(workshop.build({ out: workshop.join("link.json"), force: true })).rejects.toMatchObject({
        code: "already-exists",
        message: `${workshop.join("link.json")} is a link that leads nowhere; it stays as it is`,
      });
      expect((await readdir(workshop.path)).sort()).toEqual(["games", "link.json"]);
      await rm(workshop.join("link.json"));
    }
  });

  it("is readable for whom it was readable before", async () => {
    await workshop.makeGame("ggoo");
    const out = workshop.join("party.json");
    await workshop.build({ out });
    for (const mode of [0o600, 0o444]) {
      await chmod(out, mode);
      await workshop.build({ out });
      expect((await stat(out)).mode & 0o777).toBe(mode);
    }
  });

  it("is whole whoever else writes it at the same moment, and takes no file of anybody's with it", async () => {
    await workshop.makeGame("ggoo");
    const out = workshop.join("party.json");
    const mine = workshop.join(".party.json.tmp");
    await writeFile(mine, "mine");
    // Each in a process of its own: within one they wait for each other.
    const module = new URL("../../src/catalog/index.ts", import.meta.url).href;
    const script = `
      import { buildCatalog } from ${JSON.stringify(module)};
      for (let n = 0; n < 20; n += 1) {
        await buildCatalog(${JSON.stringify({ gamesDir: workshop.gamesDir, out })});
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
      { deadlineMs: 100_000, intervalMs: 1 },
    );
    await ended;
    expect([...sizes]).toEqual([1]);
    expect((await readdir(workshop.path)).sort()).toEqual([".party.json.tmp", "games", "party.json"]);
    expect(await readFile(mine, "utf8")).toBe("mine");
  });

  it.each<[string, () => Partial<BuildCatalogOptions>, string]>([
    ["a directory", () => ({ out: workshop.gamesDir, force: true }), "already-exists"],
    ["inside of a game", () => ({ out: join(workshop.gamesDir, "ggoo", "party.json") }), "bad-request"],
    [
      "below a directory that is not there",
      () => ({ out: workshop.join("no", "party.json") }),
      "no-such-directory",
    ],
    [
      "below a file",
      () => ({ out: join(workshop.gamesDir, "ggoo", "version.ini", "party.json") }),
      "not-a-directory",
    ],
    ["under no name", () => ({ out: workshop.join("party.json"), name: "" }), "bad-request"],
    ["of a directory that is not there", () => ({ gamesDir: workshop.join("no") }), "no-such-directory"],
    ["of a file", () => ({ gamesDir: join(workshop.gamesDir, "ggoo", "version.ini") }), "not-a-directory"],
    ["merged with nothing", () => ({ merge: workshop.join("no.json") }), "no-such-file"],
    [
      "merged with what is no catalog",
      () => ({ merge: join(workshop.gamesDir, "ggoo", "version.ini") }),
      "catalog-invalid",
    ],
  ])("is not made %s, which is found out before anything is hashed", async (_, options, code) => {
    await workshop.makeGame("ggoo");
    const before = await workshop.everything();
    const hashed: unknown[] = [];
    const building = workshop.build({ onProgress: (sample) => hashed.push(sample), ...options() });
    await expect(building).rejects.toMatchObject({ code });
    expect(hashed).toEqual([]);
    expect(await workshop.everything()).toEqual(before);
  });

  it("is not touched where no game is found", async () => {
    const out = workshop.join("party.json");
    const text = JSON.stringify({ format: 1, name: "x", games: [{ id: "a", name: "A" }] });
    await writeFile(out, text);
    expect(await workshop.build({ out, prune: true })).toMatchObject({ measured: [], file: null });
    expect(await readFile(out, "utf8")).toBe(text);
  });

  it("is not written when the building is cancelled, at any moment", async () => {
    await workshop.makeGame("aa");
    await workshop.makeGame("bb");
    const out = workshop.join("party.json");
    const before = await workshop.everything();
    let samples = 0;
    await workshop.build({ onProgress: () => (samples += 1) });
    expect(samples).toBeGreaterThan(3);
    for (let moment = 1; moment <= samples; moment += 1) {
      const abort = new AbortController();
      let seen = 0;
      const onProgress = (): void => {
        seen += 1;
        if (seen === moment) abort.abort();
      };
      await expect(workshop.build({ out, signal: abort.signal, onProgress })).rejects.toMatchObject({
        name: "AbortError",
      });
      expect(await workshop.everything()).toEqual(before);
    }
    await expect(workshop.build({ out, signal: AbortSignal.abort() })).rejects.toMatchObject({
      name: "AbortError",
    });
  });
});

import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { promisify } from "node:util";
import { comparePaths } from "@lanspread/proto";
import { temporaryDirectory } from "@lanspread/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { walkManifest } from "../../src/library/index.ts";
import { sortPaths } from "../../src/library/sort-paths.ts";
import { FOREIGN_NAMES, RESERVED_NAMES } from "../../src/storage/index.ts";
import { writeFiles } from "./support.ts";

describe("walkManifest", () => {
  it("lists the payload in the byte order of UTF-8, with sizes, version.ini among it", async () => {
    await using dir = await temporaryDirectory();
    await writeFiles(dir.path, {
      "version.ini": "1",
      "b.eti": "xx",
      "a/z.txt": "",
      "a-b.txt": "yyy",
      "a/data/version.ini": "2",
      "a/local/save": "payload, since only local of the root is the user's",
      "\u{1F600}.txt": "",
      "\uFF01.txt": "",
      "\u00e4.txt": "",
    });
    const { files, refusals, warnings } = await walkManifest(dir.path);
    expect(files.map(({ path, size }) => [path, size])).toEqual([
      ["a-b.txt", 3],
      ["a/data/version.ini", 1],
      ["a/local/save", 51],
      ["a/z.txt", 0],
      ["b.eti", 2],
      ["version.ini", 1],
      ["\u00e4.txt", 0],
      ["\uFF01.txt", 0],
      ["\u{1F600}.txt", 0],
    ]);
    expect([refusals, warnings]).toEqual([[], []]);
  });

  it("never looks into local/, reserved and foreign names, in any spelling", async () => {
    await using dir = await temporaryDirectory();
    await writeFiles(dir.path, { "version.ini": "1" });
    for (const name of ["local", "LOCAL", ...RESERVED_NAMES, ".LOCAL.BACKUP", ...FOREIGN_NAMES]) {
      await writeFiles(dir.path, { [`${name}/CON/file`]: "x" });
    }
    const walk = await walkManifest(dir.path);
    expect(walk.files.map((file) => file.path)).toEqual(["version.ini"]);
    expect(walk.refusals).toEqual([]);
  });

  it("follows no link, and leaves out links, sockets and pipes with a warning that names them", async () => {
    await using dir = await temporaryDirectory();
    await using outside = await temporaryDirectory();
    await writeFiles(outside.path, { secret: "x" });
    await writeFiles(dir.path, { "version.ini": "1", "data/x": "x" });
    await symlink(outside.path, dir.join("data", "out"));
    await symlink(outside.join("secret"), dir.join("file-link"));
    await promisify(execFile)("mkfifo", [dir.join("pipe")]);
    const server = createServer().listen(dir.join("socket"));
    await once(server, "listening");
    const walk = await walkManifest(dir.path);
    server.close();
    expect(walk.files.map((file) => file.path)).toEqual(["data/x", "version.ini"]);
    expect(walk.refusals).toEqual([]);
    const leftOut = { "data/out": "link", "file-link": "link", pipe: "pipe", socket: "socket" };
    for (const [name, kind] of Object.entries(leftOut)) {
      const about = walk.warnings.filter((warning) => warning.startsWith(`${dir.join(name)} `));
      expect(about).toEqual([`${dir.join(name)} is left out: it is a ${kind}`]);
    }
  });

  it.each([
    ["a device name of Windows", "data/CON.txt"],
    ["a trailing dot", "data./x"],
    ["a backslash", "a\\b"],
    ["a control character", "a\u0007b"],
    ["decomposed Unicode", "a\u0308.txt"],
    ["a colon", "a:b"],
  ])("refuses %s, naming path and rule", async (_, path) => {
    await using dir = await temporaryDirectory();
    await writeFiles(dir.path, { "version.ini": "1", [path]: "x" });
    const walk = await walkManifest(dir.path);
    expect(walk.refusals).toHaveLength(1);
    const refused = JSON.stringify(path.includes("./") ? "data." : path);
    expect(walk.refusals[0]).toMatch(/: (?:a component|the path)/u);
    expect(walk.refusals[0]).toContain(refused);
  });

  it("refuses two paths that differ only in case", async () => {
    await using dir = await temporaryDirectory();
    await writeFiles(dir.path, { "version.ini": "1", "Data/x": "1", "data/X": "2" });
    expect((await walkManifest(dir.path)).refusals).toEqual([expect.stringContaining("only in case")]);
  });

  it.runIf(process.platform === "linux")("refuses a name that is no UTF-8", async () => {
    await using dir = await temporaryDirectory();
    await writeFile(Buffer.concat([Buffer.from(`${dir.path}/`), Buffer.from([0x61, 0xff, 0x62])]), "x");
    expect((await walkManifest(dir.path)).refusals).toEqual([expect.stringContaining("UTF-8")]);
  });

  it("stops when it is told to", async () => {
    await using dir = await temporaryDirectory();
    await mkdir(dir.join("a"));
    await expect(walkManifest(dir.path, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      name: "AbortError",
    });
  });
});

describe("sortPaths", () => {
  it("sorts as the bytes do, also lists that are sorted in several runs", async () => {
    const paths = fc.array(fc.string({ unit: "binary", maxLength: 3 }), { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(paths, async (some) => {
        const sorted = await sortPaths(some.map((path) => ({ path })));
        const bytes = [...some].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
        expect(sorted.map((item) => Buffer.from(item.path))).toEqual(bytes.map((path) => Buffer.from(path)));
      }),
    );
    const many = Array.from({ length: 20_000 }, (_, index) => ({ path: String((index * 7919) % 20_000) }));
    const sorted = await sortPaths(many);
    expect(sorted).toEqual(many.toSorted((a, b) => comparePaths(a.path, b.path)));
  });
});

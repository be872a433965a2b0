import { existsSync, readdirSync } from "node:fs";
import { copyFile, mkdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import {
  type Rar5Entry,
  seededBytes,
  smallDisk,
  smallDiskUnavailable,
  temporaryDirectory,
  writeRar5,
} from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import type { UnpackProgress } from "../../src/install/index.ts";
import { namesIn, tree } from "./support.ts";
import { attempt, attemptEntries, MTIME, told, unpacker } from "./unpacking.ts";

describe("an archive", () => {
  it("is listed and unpacked: names, bytes, checksums, times, directories", async () => {
    await using place = await temporaryDirectory();
    const big = seededBytes(1, 3_000_001);
    const { archive, into, files } = await attemptEntries(place, [
      { type: "directory", name: "empty" },
      { name: "data/übergrößen 日本 🎮.bin", content: big, mtime: MTIME },
      { name: "nothing", content: "", mtime: MTIME },
      { name: "run.sh", content: "#!/bin/sh\n", mode: 0o100755 },
    ]);
    expect(await unpacker.list(archive)).toEqual({
      solid: false,
      unpackedBytes: 3_000_011,
      volumes: [archive],
      entries: [
        { path: "empty", type: "directory", size: 0, mtime: null },
        {
          path: "data/übergrößen 日本 🎮.bin",
          type: "file",
          size: big.length,
          mtime: MTIME.getTime(),
        },
        { path: "nothing", type: "file", size: 0, mtime: MTIME.getTime() },
        { path: "run.sh", type: "file", size: 10, mtime: null },
      ],
    });
    expect(files?.slice(0, 2)).toEqual([
      {
        path: "data/übergrößen 日本 🎮.bin",
        size: big.length,
        crc32: crc32(big),
        mtime: MTIME.getTime(),
      },
      { path: "nothing", size: 0, crc32: 0, mtime: MTIME.getTime() },
    ]);
    expect(Object.keys(await tree(into))).toEqual([
      "data/",
      "data/übergrößen 日本 🎮.bin",
      "empty/",
      "nothing",
      "run.sh",
    ]);
    const written = join(into, "data/übergrößen 日本 🎮.bin");
    expect((await readFile(written)).equals(big)).toBe(true);
    expect((await stat(written)).mtimeMs).toBe(MTIME.getTime());
    expect((await stat(join(into, "run.sh"))).mode & 0o111).not.toBe(0);
    expect((await stat(written)).mode & 0o111).toBe(0);
  });

  it("tells its progress by entries and bytes", async () => {
    await using place = await temporaryDirectory();
    const archive = place.join("game.eti");
    await writeRar5(archive, [
      { name: "large", content: { zeros: 40_000_000 } },
      { name: "small", content: "s" },
    ]);
    const seen: UnpackProgress[] = [];
    await mkdir(place.join("into"));
    await unpacker.unpack({
      archive,
      into: place.join("into"),
      onProgress: (step) => seen.push(step),
    });
    expect(seen[0]).toEqual({
      entry: "large",
      doneEntries: 0,
      totalEntries: 2,
      doneBytes: 0,
      totalBytes: 40_000_001,
    });
    expect(seen.at(-1)).toMatchObject({
      entry: "small",
      doneEntries: 1,
      doneBytes: 40_000_000,
    });
    expect(seen.length).toBeGreaterThan(4);
    for (let at = 1; at < seen.length; at++) {
      const step = (seen[at]?.doneBytes ?? 0) - (seen[at - 1]?.doneBytes ?? 0);
      expect(step).toBeGreaterThanOrEqual(0);
      expect(step).toBeLessThanOrEqual(16 * 1024 * 1024);
    }
  });

  it("replaces what an earlier archive brought, and writes through no link", async () => {
    await using place = await temporaryDirectory();
    const archive = place.join("game.eti");
    await writeRar5(archive, [
      { name: "a", content: "new" },
      { name: "b", content: "new" },
    ]);
    const into = place.join("into");
    await mkdir(into);
    await writeFile(join(into, "a"), "the older and longer one");
    await writeFile(place.join("outside"), "outside");
    await symlink(place.join("outside"), join(into, "b"));
    await unpacker.unpack({ archive, into });
    expect(await readFile(join(into, "a"), "utf8")).toBe("new");
    expect(await readFile(join(into, "b"), "utf8")).toBe("new");
    expect(await readFile(place.join("outside"), "utf8")).toBe("outside");
  });

  it("over 4 GiB, with an entry over 4 GiB, is listed to its end", async () => {
    await using place = await temporaryDirectory();
    const zeros = 5 * 1024 ** 3;
    await writeRar5(place.join("huge.eti"), [
      { name: "huge.bin", content: { zeros } },
      { name: "behind.txt", content: "found", mtime: MTIME },
    ]);
    const listing = await unpacker.list(place.join("huge.eti"));
    expect(listing.unpackedBytes).toBe(zeros + 5);
    expect(listing.entries[1]).toEqual({
      path: "behind.txt",
      type: "file",
      size: 5,
      mtime: MTIME.getTime(),
    });
  });
});

describe("a name that leads elsewhere is refused before anything is created", () => {
  it.each([
    ["../outside", "a component is . or .."],
    ["data/../../outside", "a component is . or .."],
    ["/etc/outside", "the path is absolute"],
    ["C:/outside", "the path names a drive"],
    ["data\\outside", "the path has a backslash"],
    ["CON", "a component is a device name of Windows"],
    ["line\nbreak", "the path has a control character"],
    ["data/.lanspread_owned", ".lanspread_owned is a reserved name"],
  ])("%j", async (name, rule) => {
    await using place = await temporaryDirectory();
    const tried = await attemptEntries(place, [
      { name: "good", content: "good" },
      { name, content: "bad" },
    ]);
    expect(told(tried)).toEqual(["archive-unsafe-path", `ARCHIVE: ${JSON.stringify(name)}: ${rule}`]);
    expect(await namesIn(tried.into)).toEqual([]);
    expect(await namesIn(place.path)).toEqual(["game.eti", "into-game.eti"]);
  });

  it.each<[string, Rar5Entry[], string]>([
    [
      "twice",
      [
        { name: "a", content: "1" },
        { name: "a", content: "2" },
      ],
      "the path is listed twice",
    ],
    [
      "in another case",
      [
        { name: "a", content: "1" },
        { name: "A", content: "2" },
      ],
      "the path differs only in case from another",
    ],
    [
      "as file and as directory",
      [
        { name: "a", content: "1" },
        { type: "directory", name: "a" },
      ],
      "the path is a file here and a directory elsewhere",
    ],
  ])("a name that is there %s", async (_, entries, rule) => {
    await using place = await temporaryDirectory();
    const tried = await attemptEntries(place, entries);
    expect(tried.error?.code).toBe("archive-unsafe-path");
    expect(tried.error?.message).toContain(rule);
    expect(await namesIn(tried.into)).toEqual([]);
  });
});

describe("what is no file is refused before anything is created", () => {
  it.each<[string, Rar5Entry, string]>([
    ["a symbolic link", { type: "symlink", name: "x", target: "/etc/passwd" }, "is a link, which is refused"],
    ["a junction", { type: "junction", name: "x", target: "C:\\" }, "is a link, which is refused"],
    ["a hard link", { type: "hardlink", name: "x", target: "good" }, "is a link, which is refused"],
    ["a device", { name: "x", content: "", mode: 0o020666 }, "is a device, pipe or socket, which is refused"],
    ["a pipe", { name: "x", content: "", mode: 0o010666 }, "is a device, pipe or socket, which is refused"],
  ])("%s", async (_, entry, why) => {
    await using place = await temporaryDirectory();
    const tried = await attemptEntries(place, [{ name: "good", content: "good" }, entry]);
    expect(told(tried)).toEqual(["archive-unsupported", `ARCHIVE: "x" ${why}`]);
    expect(await namesIn(tried.into)).toEqual([]);
  });
});

describe("cancelling", () => {
  it("ends an archive in the middle of an entry", async () => {
    await using place = await temporaryDirectory();
    const archive = place.join("game.eti");
    await writeRar5(archive, [{ name: "huge.bin", content: { zeros: 1024 ** 3 } }]);
    await mkdir(place.join("into"));
    const stop = new AbortController();
    const unpacking = unpacker.unpack({
      archive,
      into: place.join("into"),
      signal: stop.signal,
      onProgress: ({ doneBytes }) => {
        if (doneBytes > 0) stop.abort();
      },
    });
    await expect(unpacking).rejects.toMatchObject({
      code: "cancelled",
      message: expect.stringContaining(archive),
    });
    // Nothing writes any more: the thread has ended.
    const { size } = await stat(place.join("into", "huge.bin"));
    expect(size).toBeLessThan(1024 ** 3);
    expect((await stat(place.join("into", "huge.bin"))).size).toBe(size);
  });

  it("before the beginning does nothing", async () => {
    await using place = await temporaryDirectory();
    const archive = place.join("game.eti");
    const options = { signal: AbortSignal.abort() };
    await expect(unpacker.list(archive, options)).rejects.toMatchObject({
      code: "cancelled",
    });
    await expect(unpacker.unpack({ archive, into: place.path, ...options })).rejects.toMatchObject({
      code: "cancelled",
    });
  });
});

const noDisk = smallDiskUnavailable();

it.skipIf(noDisk !== undefined)(
  `a full disk is told with the file that did not fit${noDisk === undefined ? "" : ` (skipped: ${noDisk})`}`,
  async () => {
    await using place = await temporaryDirectory();
    await using disk = await smallDisk(1024 * 1024);
    const archive = place.join("game.eti");
    await writeRar5(archive, [
      { name: "fits", content: "fits" },
      { name: "data/large.bin", content: seededBytes(1, 2_000_000) },
    ]);
    await expect(unpacker.unpack({ archive, into: disk.path })).rejects.toMatchObject({
      code: "disk-full",
      message: `${disk.join("data/large.bin")}: the disk is full`,
    });
  },
);

/** Archives that RAR itself made: versions 3 and 5, solid, locked, with recovery record. */
const REAL = "/work/shared/fixtures/rar";
const real = existsSync(REAL) ? readdirSync(REAL).filter((name) => /\.(rar|cbr)$/u.test(name)) : [];

describe.skipIf(real.length === 0)(
  `archives that RAR made${real.length === 0 ? " (skipped: none on this machine)" : ""}`,
  () => {
    it.each(real)("%s", async (name) => {
      await using place = await temporaryDirectory();
      await copyFile(join(REAL, name), place.join("game.eti"));
      const { archive, into, files, error } = await attempt(place, place.join("game.eti"));
      expect(error).toBeUndefined();
      expect((await unpacker.list(archive)).solid).toBe(name.includes("solid"));
      expect(files?.length).toBeGreaterThan(0);
      for (const { path, crc32: crc, mtime } of files ?? []) {
        const bytes = await readFile(join(into, path));
        expect(bytes.equals(await readFile(join(REAL, path)))).toBe(true);
        expect(crc32(bytes)).toBe(crc);
        expect((await stat(join(into, path))).mtimeMs).toBe(mtime);
        expect(new Date(mtime).getUTCFullYear()).toBe(2001);
      }
    });
  },
);

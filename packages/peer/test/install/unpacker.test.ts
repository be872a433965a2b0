import { existsSync, readdirSync } from "node:fs";
import { copyFile, mkdir, readFile, rename, rm, stat, symlink, truncate, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { crc32 } from "node:zlib";
import {
  type Rar5Entry,
  seededBytes,
  smallDisk,
  smallDiskUnavailable,
  type TemporaryDirectory,
  temporaryDirectory,
  type WriteRar5Options,
  writeRar5,
} from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import type { PeerError } from "../../src/errors/index.ts";
import { createUnrarJsUnpacker, type UnpackedFile, type UnpackProgress } from "../../src/install/index.ts";
import { namesIn, tree } from "./support.ts";

const unpacker = createUnrarJsUnpacker();

interface Attempt {
  /** Absolute path of the archive. */
  readonly archive: string;
  /** Absolute path of what it was unpacked into. */
  readonly into: string;
  readonly files: readonly UnpackedFile[] | undefined;
  readonly error: PeerError | undefined;
}

async function attempt(place: TemporaryDirectory, archive: string): Promise<Attempt> {
  const into = place.join(`into-${basename(archive)}`);
  await mkdir(into);
  try {
    return { archive, into, files: await unpacker.unpack({ archive, into }), error: undefined };
  } catch (error) {
    return { archive, into, files: undefined, error: error as PeerError };
  }
}

async function attemptEntries(
  place: TemporaryDirectory,
  entries: Rar5Entry[],
  options?: WriteRar5Options,
): Promise<Attempt> {
  const archive = place.join("game.eti");
  await writeRar5(archive, entries, options);
  return await attempt(place, archive);
}

/** The code, and the message without the path of the archive. */
function told({ archive, error }: Attempt): [string | undefined, string | undefined] {
  expect(error?.message, "the archive is named").toContain(archive);
  return [error?.code, error?.message.replace(archive, "ARCHIVE")];
}

const MTIME = new Date("2019-07-06T05:04:03.125Z");

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
        { path: "data/übergrößen 日本 🎮.bin", type: "file", size: big.length, mtime: MTIME.getTime() },
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
    await unpacker.unpack({ archive, into: place.join("into"), onProgress: (step) => seen.push(step) });
    expect(seen[0]).toEqual({
      entry: "large",
      doneEntries: 0,
      totalEntries: 2,
      doneBytes: 0,
      totalBytes: 40_000_001,
    });
    expect(seen.at(-1)).toMatchObject({ entry: "small", doneEntries: 1, doneBytes: 40_000_000 });
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
    expect(listing.entries[1]).toEqual({ path: "behind.txt", type: "file", size: 5, mtime: MTIME.getTime() });
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

describe("a bad archive", () => {
  const bad = seededBytes(2, 5_000);
  it.each<[string, Rar5Entry[], WriteRar5Options, string, string]>([
    [
      "with a wrong checksum",
      [{ name: "bad", content: bad, damage: "crc" }],
      {},
      "archive-damaged",
      'ARCHIVE: "bad": the checksum is wrong',
    ],
    [
      "with a wrong byte",
      [{ name: "bad", content: bad, damage: "data" }],
      {},
      "archive-damaged",
      'ARCHIVE: "bad": the checksum is wrong',
    ],
    [
      "with a damaged header",
      [{ name: "bad", content: bad, damage: "header" }],
      {},
      "archive-damaged",
      "ARCHIVE: a header is damaged",
    ],
    [
      "with an encrypted entry",
      [{ name: "secret", content: bad, password: "open sesame" }],
      {},
      "archive-password",
      'ARCHIVE: "secret" needs a password',
    ],
    [
      "cut off in an entry",
      [{ name: "bad", content: bad }],
      { truncateBytes: 100 },
      "archive-truncated",
      "ARCHIVE ends too early",
    ],
    [
      "cut off between two entries",
      [{ name: "whole", content: bad }],
      { truncateBytes: 0 },
      "archive-truncated",
      "ARCHIVE ends too early",
    ],
  ])("%s", async (_, entries, options, code, message) => {
    await using place = await temporaryDirectory();
    const tried = await attemptEntries(place, [{ name: "first", content: "first" }, ...entries], options);
    expect(told(tried)).toEqual([code, message]);
  });

  it.each([
    ["is something else", "certainly no archive", "archive-unsupported", "ARCHIVE is no RAR archive"],
    ["is empty", "", "archive-truncated", "ARCHIVE ends too early"],
    ["ends in its first bytes", "Rar!", "archive-truncated", "ARCHIVE ends too early"],
  ])("that %s", async (_, content, code, message) => {
    await using place = await temporaryDirectory();
    await writeFile(place.join("game.eti"), content);
    expect(told(await attempt(place, place.join("game.eti")))).toEqual([code, message]);
  });

  it("whose headers are encrypted", async () => {
    await using place = await temporaryDirectory();
    // RAR 5.0: signature, a block of type 4 (AES-256, no password check, 2^15 rounds, salt), then only noise.
    const fields = Buffer.concat([Uint8Array.of(4, 0, 0, 0, 15), seededBytes(1, 16)]);
    const sized = Buffer.concat([Uint8Array.of(fields.length), fields]);
    const checksum = Buffer.alloc(4);
    checksum.writeUInt32LE(crc32(sized));
    const signature = Uint8Array.of(0x52, 0x61, 0x72, 0x21, 0x1a, 0x07, 0x01, 0x00);
    const archive = place.join("game.eti");
    await writeFile(archive, Buffer.concat([signature, checksum, sized, seededBytes(2, 4096)]));
    expect(told(await attempt(place, archive))).toEqual(["archive-password", "ARCHIVE needs a password"]);
  });

  it("that is not there, a directory or a link", async () => {
    await using place = await temporaryDirectory();
    expect((await attempt(place, place.join("absent.eti"))).error?.code).toBe("no-such-file");
    await mkdir(place.join("directory.eti"));
    expect((await attempt(place, place.join("directory.eti"))).error?.code).toBe("archive-unsupported");
    await writeRar5(place.join("real.rar"), [{ name: "a", content: "a" }]);
    await symlink("real.rar", place.join("link.eti"));
    expect((await attempt(place, place.join("link.eti"))).error?.code).toBe("archive-unsupported");
  });

  it("never passes for a good one, wherever a byte is wrong", async () => {
    await using place = await temporaryDirectory();
    const archive = place.join("good.eti");
    await writeRar5(archive, [
      { name: "a.txt", content: "the first", mtime: MTIME },
      { name: "b.txt", content: "the second" },
    ]);
    const whole = await readFile(archive);
    const good = await attempt(place, archive);
    const goodTree = await tree(good.into);
    const wrong = async (position: number): Promise<void> => {
      const bytes = Buffer.from(whole);
      bytes.writeUInt8(bytes.readUInt8(position) ^ 0x41, position);
      const path = place.join(`wrong-${position}.eti`);
      await writeFile(path, bytes);
      const tried = await attempt(place, path);
      if (tried.error === undefined) expect(await tree(tried.into), `byte ${position}`).toEqual(goodTree);
      else expect(tried.error.code, `byte ${position}: ${tried.error.message}`).toMatch(/^archive-/u);
    };
    const positions = [...whole.keys()];
    while (positions.length > 0) await Promise.all(positions.splice(0, 4).map(wrong));
  });
});

describe("a set of volumes", () => {
  const content = seededBytes(4, 250_000);
  const partName = (index: number): string => `game.part${index + 1}.eti`;
  const oldName = (index: number): string => (index === 0 ? "game.eti" : `game.r0${index - 1}`);

  async function writeSet(place: TemporaryDirectory, nameOf: (index: number) => string): Promise<string> {
    await writeRar5({ bytes: 100_000, path: (index) => place.join(nameOf(index)) }, [
      { name: "first.bin", content, mtime: MTIME },
      { name: "d/second.txt", content: "behind it" },
    ]);
    return place.join(nameOf(0));
  }

  it.each([
    [".partN.eti", partName],
    [".rNN", oldName],
  ])("named %s is one archive", async (_, nameOf) => {
    await using place = await temporaryDirectory();
    const archive = await writeSet(place, nameOf);
    const listing = await unpacker.list(archive);
    expect(listing.volumes).toEqual([0, 1, 2].map((index) => place.join(nameOf(index))));
    expect(listing.entries).toEqual([
      { path: "first.bin", type: "file", size: content.length, mtime: MTIME.getTime() },
      { path: "d/second.txt", type: "file", size: 9, mtime: null },
    ]);
    const { into, files } = await attempt(place, archive);
    expect(files?.[0]?.crc32).toBe(crc32(content));
    expect((await readFile(join(into, "first.bin"))).equals(content)).toBe(true);
    expect(await readFile(join(into, "d/second.txt"), "utf8")).toBe("behind it");
  });

  it.each([
    ["the second", partName, 1, "ARCHIVE: the volume game.part2.eti is missing"],
    ["the last", partName, 2, "ARCHIVE: the volume game.part3.eti is missing"],
    ["the second", oldName, 1, "ARCHIVE: the volume game.r00 is missing"],
    ["the last", oldName, 2, "ARCHIVE: the volume game.r01 is missing"],
  ])("is refused without %s one (%o)", async (_, nameOf, missing, message) => {
    await using place = await temporaryDirectory();
    const archive = await writeSet(place, nameOf);
    await rm(place.join(nameOf(missing)));
    const tried = await attempt(place, archive);
    expect(told(tried)).toEqual(["archive-missing-volume", message]);
    expect(await namesIn(tried.into)).toEqual([]);
  });

  it("is refused from its middle", async () => {
    await using place = await temporaryDirectory();
    await writeSet(place, partName);
    expect(told(await attempt(place, place.join(partName(1))))).toEqual([
      "archive-missing-volume",
      "ARCHIVE is not the first volume of its set: the volumes before it are missing",
    ]);
  });

  it("names the volume that is cut off", async () => {
    await using place = await temporaryDirectory();
    const archive = await writeSet(place, partName);
    await truncate(place.join(partName(1)), 50_000);
    const { error } = await attempt(place, archive);
    expect([error?.code, error?.message]).toEqual([
      "archive-truncated",
      `${place.join(partName(1))} ends too early, in "first.bin"`,
    ]);
  });

  it("is found in another spelling of upper and lower case", async () => {
    await using place = await temporaryDirectory();
    const archive = await writeSet(place, partName);
    await rename(place.join(partName(1)), place.join("GAME.PART2.ETI"));
    expect((await attempt(place, archive)).files).toHaveLength(2);
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
    await expect(unpacker.list(archive, options)).rejects.toMatchObject({ code: "cancelled" });
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

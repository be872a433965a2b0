import { execFileSync, spawnSync } from "node:child_process";
import { readFile, stat } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { createExtractorFromData, createExtractorFromFile, type UnrarError } from "node-unrar-js";
import { describe, expect, test } from "vitest";
import {
  type Rar5Entry,
  seededBytes,
  seededChunks,
  temporaryDirectory,
  writeEncryptedRar,
  writeRar4,
  writeRar5,
} from "../src/index.ts";

const MTIME = new Date("2019-07-06T05:04:02.000Z");

/** What UnRAR makes of an archive: names in order, and contents of the files. */
async function unrar(path: string, password = ""): Promise<Map<string, Buffer | "directory">> {
  const data = Uint8Array.from(await readFile(path)).buffer;
  const extractor = await createExtractorFromData({ data, password });
  const found = new Map<string, Buffer | "directory">();
  for (const { fileHeader, extraction } of extractor.extract().files) {
    found.set(fileHeader.name, fileHeader.flags.directory ? "directory" : Buffer.from(extraction ?? []));
  }
  return found;
}

const VERSIONS = [
  [4, writeRar4],
  [5, writeRar5],
] as const;

test.each(VERSIONS)("UnRAR reads back names, directories and bytes of RAR %i", async (_, writeRar) => {
  await using place = await temporaryDirectory();
  const big = seededBytes(5, 3_000_001);
  const entries: Rar5Entry[] = [
    { type: "directory", name: "data", mtime: MTIME },
    { name: "data/übergrößen 日本 🎮.txt", content: "grüße", mtime: MTIME },
    { name: "data/big.bin", content: big },
    { name: "empty", content: "" },
    { name: "streamed", content: { size: 2_500_000, chunks: () => seededChunks(6, 2_500_000) } },
    { name: "zeros", content: { zeros: 1_500_000 } },
  ];
  const written = await writeRar(place.join("a.eti"), entries);
  expect(written.size).toBe((await stat(place.join("a.eti"))).size);
  const found = await unrar(place.join("a.eti"));
  expect([...found.keys()]).toEqual(entries.map(({ name }) => name));
  expect(found.get("data")).toBe("directory");
  expect(found.get("data/übergrößen 日本 🎮.txt")?.toString()).toBe("grüße");
  expect(found.get("data/big.bin")).toEqual(Buffer.from(big));
  expect(found.get("empty")).toEqual(Buffer.alloc(0));
  expect(found.get("streamed")).toEqual(Buffer.from(seededBytes(6, 2_500_000)));
  expect(found.get("zeros")).toEqual(Buffer.alloc(1_500_000));
});

test.each(VERSIONS)(
  "planted damage is found by UnRAR in RAR %i, and only what was planted",
  async (_, writeRar) => {
    await using place = await temporaryDirectory();
    const fault = async (damage: "crc" | "header" | "data"): Promise<string> => {
      const path = place.join(`${damage}.rar`);
      await writeRar(path, [
        { name: "good", content: "good" },
        { name: "bad", content: seededBytes(1, 100), damage },
      ]);
      return unrar(path).then(
        (found) => `read ${[...found.keys()].join()}`,
        (error: UnrarError) => error.reason,
      );
    };
    expect(await fault("crc")).toBe("ERAR_BAD_DATA");
    expect(await fault("data")).toBe("ERAR_BAD_DATA");
    expect(await fault("header")).toBe("ERAR_BAD_DATA");
  },
);

test.each(VERSIONS)(
  "zeros of RAR %i have the checksum that UnRAR expects, whatever their number",
  async (_, writeRar) => {
    await using place = await temporaryDirectory();
    const path = place.join("a.rar");
    for (const zeros of [0, 1, 1_048_575, 1_048_576, 1_048_577, 5_000_000]) {
      const { crcs } = await writeRar(path, [{ name: "zeros", content: { zeros } }]);
      expect(crcs.get("zeros")).toBe(crc32(new Uint8Array(zeros)));
      expect((await unrar(path)).get("zeros")).toHaveLength(zeros);
    }
  },
);

test("encrypted content opens with its password only", async () => {
  await using place = await temporaryDirectory();
  const content = seededBytes(9, 2_000_003);
  await writeRar5(place.join("a.rar"), [{ name: "secret", content, password: "open sesame" }]);
  expect((await unrar(place.join("a.rar"), "open sesame")).get("secret")).toEqual(Buffer.from(content));
  await expect(unrar(place.join("a.rar"))).rejects.toMatchObject({ reason: "ERAR_MISSING_PASSWORD" });
  await expect(unrar(place.join("a.rar"), "wrong")).rejects.toThrow();
});

test.each(VERSIONS)("what needs a password is told as such by UnRAR of RAR %i", async (version, writeRar) => {
  await using place = await temporaryDirectory();
  await writeRar(place.join("a.rar"), [{ name: "secret", content: "x", password: "open sesame" }]);
  await expect(unrar(place.join("a.rar"))).rejects.toMatchObject({ reason: "ERAR_MISSING_PASSWORD" });
  await writeEncryptedRar(place.join("b.rar"), version);
  await expect(unrar(place.join("b.rar"))).rejects.toMatchObject({ reason: "ERAR_MISSING_PASSWORD" });
});

test.each(VERSIONS)(
  "UnRAR takes RAR %i for solid where that is told, and unpacks it",
  async (_, writeRar) => {
    await using place = await temporaryDirectory();
    const path = place.join("a.rar");
    const entries: Rar5Entry[] = [
      { name: "first", content: "1" },
      { name: "second", content: "2" },
    ];
    await writeRar(path, entries, { solid: true });
    const extractor = await createExtractorFromFile({ filepath: path });
    const listing = extractor.getFileList();
    expect([listing.arcHeader.flags.solid, [...listing.fileHeaders].map(({ flags }) => flags.solid)]).toEqual(
      [true, [false, true]],
    );
    expect(String((await unrar(path)).get("second"))).toBe("2");
  },
);

test.each(VERSIONS)("padding of RAR %i is passed over and takes no space", async (_, writeRar) => {
  await using place = await temporaryDirectory();
  const path = place.join("a.rar");
  const bytes = 4 * 1024 ** 3 + 12_345;
  await writeRar(path, [
    { name: "before", content: "before" },
    { type: "padding", bytes },
    { name: "behind", content: "behind", mtime: MTIME },
  ]);
  const stats = await stat(path);
  expect(stats.size).toBeGreaterThan(bytes);
  expect(stats.blocks * 512).toBeLessThan(1024 * 1024);
  const extractor = await createExtractorFromFile({ filepath: path, targetPath: place.path });
  expect([...extractor.extract().files].map(({ fileHeader }) => fileHeader.name)).toEqual([
    "before",
    "behind",
  ]);
  expect(await readFile(place.join("behind"), "utf8")).toBe("behind");
});

test.each(VERSIONS)(
  "an entry over 4 GiB of RAR %i takes no space, and what is behind it is found",
  async (_, writeRar) => {
    await using place = await temporaryDirectory();
    const zeros = 4 * 1024 ** 3 + 12_345;
    const path = place.join("huge.rar");
    await writeRar(path, [
      { name: "huge.bin", content: { zeros } },
      { name: "behind.txt", content: "found" },
    ]);
    const stats = await stat(path);
    expect(stats.size).toBeGreaterThan(zeros);
    expect(stats.blocks * 512).toBeLessThan(1024 * 1024);
    const extractor = await createExtractorFromFile({ filepath: path, targetPath: place.path });
    expect([...extractor.getFileList().fileHeaders].map((header) => [header.name, header.unpSize])).toEqual([
      ["huge.bin", zeros],
      ["behind.txt", 5],
    ]);
    const files = extractor.extract({ files: ["behind.txt"] }).files;
    expect([...files]).toHaveLength(1);
    expect(await readFile(place.join("behind.txt"), "utf8")).toBe("found");
  },
);

test.each(VERSIONS)("a file of RAR %i goes on over a set of volumes", async (_, writeRar) => {
  await using place = await temporaryDirectory();
  const content = seededBytes(4, 250_000);
  const written = await writeRar(
    { bytes: 100_000, path: (index) => place.join(`set.part${index + 1}.rar`) },
    [
      { name: "first.bin", content },
      { type: "directory", name: "d" },
      { name: "d/second.txt", content: "behind it" },
    ],
  );
  const sizes = await Promise.all([1, 2, 3].map((part) => stat(place.join(`set.part${part}.rar`))));
  expect(sizes.map(({ size }) => size).slice(0, 2)).toEqual([100_000, 100_000]);
  expect(sizes.reduce((sum, { size }) => sum + size, 0)).toBe(written.size);
  const filepath = place.join("set.part1.rar");
  const extractor = await createExtractorFromFile({ filepath, targetPath: place.path });
  expect([...extractor.extract().files]).toHaveLength(3);
  expect((await readFile(place.join("first.bin"))).equals(Buffer.from(content))).toBe(true);
  expect(await readFile(place.join("d", "second.txt"), "utf8")).toBe("behind it");
});

test("content of another size than promised is refused", async () => {
  await using place = await temporaryDirectory();
  const content = { size: 5, chunks: () => [new Uint8Array(4)] };
  await expect(writeRar5(place.join("a.rar"), [{ name: "short", content }])).rejects.toThrow("5");
});

const bsdtar = spawnSync("bsdtar", ["--version"]).status === 0;

describe.skipIf(!bsdtar)(`libarchive reads it too${bsdtar ? "" : " (skipped: no bsdtar)"}`, () => {
  test("names, links, times and bytes", async () => {
    await using place = await temporaryDirectory();
    await writeRar5(place.join("a.rar"), [
      { type: "directory", name: "d" },
      { name: "d/file", content: "content", mtime: MTIME },
      { type: "symlink", name: "link", target: "../outside" },
      { name: "../unsafe", content: "x" },
    ]);
    const listing = execFileSync("bsdtar", ["-tvf", place.join("a.rar")], { encoding: "utf8" });
    expect(listing).toContain("link -> ../outside");
    expect(listing).toContain("../unsafe");
    execFileSync("bsdtar", ["-xf", place.join("a.rar"), "-C", place.path, "d/file"]);
    expect(await readFile(place.join("d", "file"), "utf8")).toBe("content");
    expect((await stat(place.join("d", "file"))).mtime).toEqual(MTIME);
  });
});

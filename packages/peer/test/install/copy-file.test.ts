import { writeFileSync } from "node:fs";
import { chmod, mkdir, open, readFile, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import {
  cloningDisk,
  cloningDiskUnavailable,
  type SmallDisk,
  seededBytes,
  smallDisk,
  smallDiskUnavailable,
  type TemporaryDirectory,
  temporaryDirectory,
} from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { copyFileInto } from "../../src/install/copy-file.ts";
import { MTIME } from "./unpacking.ts";

const MIB = 1024 * 1024;
const CONTENT = Buffer.from(seededBytes(4, 9 * MIB + 17));

interface Place {
  readonly from: string;
  readonly to: string;
}

async function placeOn(disk: SmallDisk | TemporaryDirectory): Promise<Place> {
  const place = { from: disk.join("from"), to: disk.join("to") };
  for (const path of [place.from, place.to]) await mkdir(path);
  return place;
}

/** Only then it is known that there was room. */
async function flushFile(path: string): Promise<void> {
  await using file = await open(path);
  await file.sync();
}

async function writeSource({ from }: Place, content = CONTENT, mode = 0o640): Promise<void> {
  const path = join(from, "data");
  await mkdir(path);
  await writeFile(join(path, "a.pak"), content);
  await utimes(join(path, "a.pak"), MTIME, MTIME);
  await chmod(join(path, "a.pak"), mode);
}

const PATH = "data/a.pak";

describe("a copy", () => {
  it("has bytes, time, mode and checksum of the file, and tells how it gets on", async () => {
    await using dir = await temporaryDirectory();
    const place = await placeOn(dir);
    await writeSource(place);
    const told: number[] = [];
    const copied = await copyFileInto({
      ...place,
      path: PATH,
      size: CONTENT.length,
      onBytes: (bytes) => told.push(bytes),
    });
    expect(copied).toEqual({
      path: PATH,
      size: CONTENT.length,
      crc32: crc32(CONTENT),
      mtime: MTIME.getTime(),
    });
    const target = join(place.to, PATH);
    expect(CONTENT.equals(await readFile(target))).toBe(true);
    const { mtimeMs, mode } = await stat(target);
    expect([mtimeMs, mode & 0o777]).toEqual([MTIME.getTime(), 0o640 & ~process.umask()]);
    expect(told.length).toBeGreaterThanOrEqual(3);
    expect(told.reduce((sum, bytes) => sum + bytes, 0)).toBe(CONTENT.length);
  });

  it("ends at the signal, in the middle of a file", async () => {
    await using dir = await temporaryDirectory();
    const place = await placeOn(dir);
    await writeSource(place);
    const controller = new AbortController();
    const told: number[] = [];
    const copying = copyFileInto({
      ...place,
      path: PATH,
      size: CONTENT.length,
      signal: controller.signal,
      onBytes: (bytes) => {
        told.push(bytes);
        controller.abort(new Error("enough"));
      },
    });
    await expect(copying).rejects.toThrow("enough");
    expect(told).toHaveLength(1);
  });

  it("refuses a file whose bytes change while they are copied, though not their number", async () => {
    await using dir = await temporaryDirectory();
    const place = await placeOn(dir);
    await writeSource(place);
    const copying = copyFileInto({
      ...place,
      path: PATH,
      size: CONTENT.length,
      onBytes: () => {
        writeFileSync(join(place.from, PATH), CONTENT.toReversed());
      },
    });
    await expect(copying).rejects.toMatchObject({
      code: "verification",
      message: expect.stringContaining(join(place.from, PATH)),
    });
  });

  it("refuses a file that has not the size that it was listed with", async () => {
    await using dir = await temporaryDirectory();
    const place = await placeOn(dir);
    await writeSource(place);
    await expect(copyFileInto({ ...place, path: PATH, size: 1 })).rejects.toMatchObject({
      code: "verification",
      message: expect.stringContaining(join(place.from, PATH)),
    });
  });
});

const noDisk = smallDiskUnavailable();
describe.skipIf(noDisk !== undefined)(`a sparse file${note(noDisk)}`, () => {
  it("is as sparse when it is copied: what was never written takes no space", async () => {
    await using disk = await smallDisk(8 * MIB);
    const place = await placeOn(disk);
    const size = 40 * MIB + 5;
    await mkdir(join(place.from, "data"));
    {
      await using file = await open(join(place.from, PATH), "w");
      await file.truncate(size);
      await file.write(seededBytes(1, 100_000), 0, 100_000, 17 * MIB + 3);
      await file.write(seededBytes(2, 5), 0, 5, size - 5);
    }
    const { crc32: crc } = await copyFileInto({ ...place, path: PATH, size });
    const [original, copy] = await Promise.all([
      readFile(join(place.from, PATH)),
      readFile(join(place.to, PATH)),
    ]);
    expect(original.equals(copy)).toBe(true);
    expect(crc).toBe(crc32(original));
  });

  it("keeps its length where it ends in a hole, or is one", async () => {
    await using disk = await smallDisk(MIB);
    const place = await placeOn(disk);
    for (const [name, size] of [
      ["hole", 40 * MIB + 5],
      ["empty", 0],
    ] as const) {
      await using file = await open(join(place.from, name), "w");
      await file.truncate(size);
      await copyFileInto({ ...place, path: name, size });
      expect((await stat(join(place.to, name))).size).toBe(size);
    }
  });
});

const noCloning = cloningDiskUnavailable();
describe.skipIf(noCloning !== undefined)(`where files can share their blocks${note(noCloning)}`, () => {
  it("a copy takes no space, and is checked and timed as any other", async () => {
    await using disk = await cloningDisk(128 * MIB);
    const place = await placeOn(disk);
    // Two of them have room.
    const content = Buffer.from(seededBytes(6, 40 * MIB));
    await writeSource(place, content, 0o440);
    const mtime = MTIME.getTime();
    for (const to of ["first", "second", "third"].map((name) => disk.join(name))) {
      let done = 0;
      const copied = await copyFileInto({
        ...place,
        to,
        path: PATH,
        size: content.length,
        beforeWriting: () => Promise.reject(new Error("it would be written")),
        onBytes: (bytes) => {
          done += bytes;
        },
      });
      expect(copied).toEqual({ path: PATH, size: content.length, crc32: crc32(content), mtime });
      expect(done).toBe(content.length);
      const target = join(to, PATH);
      expect(content.equals(await readFile(target))).toBe(true);
      const { mtimeMs, mode } = await stat(target);
      expect([mtimeMs, mode & 0o777]).toEqual([mtime, 0o440]);
      await flushFile(target);
    }
  });
});

function note(reason: string | undefined): string {
  return reason === undefined ? "" : ` (skipped: ${reason})`;
}

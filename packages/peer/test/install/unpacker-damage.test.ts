import { mkdir, readFile, rename, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import {
  type Rar5Entry,
  seededBytes,
  type TemporaryDirectory,
  temporaryDirectory,
  type WriteRar5Options,
  writeRar5,
} from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { namesIn, tree } from "./support.ts";
import { attempt, attemptEntries, MTIME, told, unpacker } from "./unpacking.ts";

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
      "with a name that is cut when it is read",
      [{ name: `${"long-name-".repeat(20)}/`.repeat(6), content: bad }],
      {},
      "archive-unsafe-path",
      `ARCHIVE: "${"long-name-".repeat(20)}…" is too long a name`,
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
      {
        path: "first.bin",
        type: "file",
        size: content.length,
        mtime: MTIME.getTime(),
      },
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

import { stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { temporaryDirectory } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { attempt, attemptEntries, MTIME, told } from "./unpacking.ts";

/** What is read of headers beside what the library tells; 7-Zip refuses such archives. */
describe("an archive with a block of a type that nobody knows", () => {
  it("has the times of its files", async () => {
    await using place = await temporaryDirectory();
    const begun = Date.now();
    const { into, error } = await attemptEntries(place, [
      { type: "padding", bytes: 1000, unknownType: true },
      { name: "timed", content: "timed", mtime: MTIME },
      { name: "timeless", content: "timeless" },
    ]);
    expect(error).toBeUndefined();
    expect((await stat(join(into, "timed"))).mtime).toEqual(MTIME);
    // None: so it is that of the unpacking, which file systems take from a clock of their own.
    const { mtimeMs } = await stat(join(into, "timeless"));
    expect(mtimeMs).toBeGreaterThan(begun - 60_000);
    expect(mtimeMs).toBeLessThan(Date.now() + 60_000);
  });
});

describe("records beside an entry that lead out of its header", () => {
  it("do not hide that another entry is a reference", async () => {
    await using place = await temporaryDirectory();
    const archive = place.join("game.eti");
    /** A record says its size, its type, and what belongs to that. */
    const leadsOut = [100, 1];
    const isCopyOfA = [4, 5, 5, 0, 0x61];
    const blocks = [block(1, 0, [0]), emptyFile("a", leadsOut), emptyFile("b", isCopyOfA), block(5, 0, [0])];
    await writeFile(archive, Buffer.concat([Buffer.from("Rar!\x1a\x07\x01\x00", "latin1"), ...blocks]));
    const outcome = await attempt(place, archive);
    expect(told(outcome)).toEqual([
      "archive-unsupported",
      'ARCHIVE: "b" is a link or a reference to another entry, which is refused',
    ]);
  });
});

/** A stored file of no bytes, made on Unix; all numbers are below 128, or two bytes of a longer one. */
function emptyFile(name: string, extra: readonly number[]): Buffer {
  const [noFlags, size, mode, stored, unix] = [0, 0, [0xa4, 0x83, 0x02], 0, 1];
  const fields = [noFlags, size, ...mode, stored, unix, name.length, ...Buffer.from(name)];
  const hasExtra = 1;
  return block(2, hasExtra, [extra.length, ...fields, ...extra]);
}

function block(type: number, flags: number, fields: readonly number[]): Buffer {
  const checked = Buffer.from([fields.length + 2, type, flags, ...fields]);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32LE(crc32(checked));
  return Buffer.concat([checksum, checked]);
}

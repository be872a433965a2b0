import { readFile } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { temporaryDirectory } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { createDiskOutput } from "../../src/install/unrar/disk-output.ts";
import { createEntryWriter } from "../../src/install/unrar/entry-writer.ts";
import type { ApprovedEntry } from "../../src/install/unrar/messages.ts";

/** An entry of five bytes, by its header. */
const ENTRY: ApprovedEntry = {
  name: "data/five",
  path: "data/five",
  type: "file",
  size: 5,
  mtime: null,
  crc32: null,
  executable: false,
};

describe("an entry that is being unpacked", () => {
  it("takes exactly the bytes of its header, in as many writes as come", async () => {
    await using place = await temporaryDirectory();
    const writer = createEntryWriter("game.eti", createDiskOutput(place.path));
    writer.begin(ENTRY);
    writer.create();
    writer.write(Buffer.from("fi"));
    writer.write(Buffer.from("ver"));
    expect(writer.end()).toMatchObject({ path: "data/five", size: 5, crc32: crc32("fiver") });
    expect(await readFile(place.join("data/five"), "utf8")).toBe("fiver");
  });

  it.each([
    ["in one write", ["fiverr"]],
    ["in several", ["fiver", "r"]],
  ])("is refused at the first byte too many, which is not written: %s", async (_, writes) => {
    await using place = await temporaryDirectory();
    const writer = createEntryWriter("game.eti", createDiskOutput(place.path));
    writer.begin(ENTRY);
    writer.create();
    try {
      expect(() => {
        for (const bytes of writes) writer.write(Buffer.from(bytes));
      }).toThrow(
        expect.objectContaining({
          code: "archive-damaged",
          message: 'game.eti: "data/five" has more bytes than its header says',
        }),
      );
    } finally {
      writer.closeAll();
    }
    expect((await readFile(place.join("data/five"))).length).toBeLessThanOrEqual(ENTRY.size);
  });

  it("is refused where bytes are missing", async () => {
    await using place = await temporaryDirectory();
    const writer = createEntryWriter("game.eti", createDiskOutput(place.path));
    writer.begin(ENTRY);
    writer.create();
    writer.write(Buffer.from("four"));
    try {
      expect(() => writer.end()).toThrow(
        expect.objectContaining({
          code: "archive-damaged",
          message: 'game.eti: "data/five" has 4 bytes, its header says 5',
        }),
      );
    } finally {
      writer.closeAll();
    }
  });
});

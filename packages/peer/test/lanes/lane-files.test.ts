import { readFile, writeFile } from "node:fs/promises";
import { seededBytes, temporaryDirectory } from "@lanspread/testkit";
import { expect, it } from "vitest";
import { LaneFiles } from "../../src/lanes/lane-files.ts";
import { directAccess, type FileAccess } from "../../src/storage/index.ts";
import { openFilesBelow } from "./support.ts";

/** A disk that takes so many bytes at a time at most. */
function takingOnly(bytes: number): FileAccess {
  return {
    ...directAccess,
    open: async (path, flags, mode) => {
      const file = await directAccess.open(path, flags, mode);
      return { ...file, write: (part, position) => file.write(part.subarray(0, bytes), position) };
    },
  };
}

it("writes every byte to its place, however few of them the disk takes at a time", async () => {
  await using dir = await temporaryDirectory();
  await writeFile(dir.join("file"), Buffer.alloc(10_000));
  const bytes = seededBytes(7, 4_321);
  const files = new LaneFiles(dir.path, takingOnly(1_000));
  files.name(0, "file");
  await files.write(0, bytes, 1_234);
  await files.close();
  const expected = Buffer.concat([Buffer.alloc(1_234), bytes, Buffer.alloc(10_000 - 1_234 - 4_321)]);
  expect((await readFile(dir.join("file"))).equals(expected)).toBe(true);
  expect(openFilesBelow(dir.path)).toEqual([]);
});

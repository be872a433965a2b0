import { symlink, writeFile } from "node:fs/promises";
import { relative } from "node:path";
import { temporaryDirectory } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { flushFiles } from "../../src/lanes/flush-files.ts";
import { directAccess } from "../../src/storage/index.ts";
import { openFilesBelow } from "./support.ts";

describe("flushing the files of a download in a lane", () => {
  it("flushes every one and leaves none open", async () => {
    await using dir = await temporaryDirectory();
    const paths = Array.from({ length: 30 }, (_, index) => `file-${index}`);
    for (const path of paths) await writeFile(dir.join(path), path);
    const flushed: string[] = [];
    await flushFiles(dir.path, paths, {
      ...directAccess,
      open: async (path, flags) => {
        const file = await directAccess.open(path, flags);
        const datasync = async (): Promise<void> => {
          await file.datasync();
          flushed.push(relative(dir.path, path));
        };
        return { ...file, datasync };
      },
    });
    expect(flushed.sort()).toEqual(paths.toSorted());
    expect(openFilesBelow(dir.path)).toEqual([]);
  });

  it.each([
    ["that is gone", "gone", "no-such-file"],
    ["that has become a link", "link", "forbidden-path"],
  ])("fails for one %s, and says which", async (_, path, code) => {
    await using dir = await temporaryDirectory();
    await writeFile(dir.join("there"), "");
    await symlink(dir.join("there"), dir.join("link"));
    await expect(flushFiles(dir.path, ["there", path])).rejects.toMatchObject({
      code,
      message: expect.stringContaining(dir.join(path)),
    });
    expect(openFilesBelow(dir.path)).toEqual([]);
  });
});

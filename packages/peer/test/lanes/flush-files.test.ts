import { symlink, writeFile } from "node:fs/promises";
import { relative } from "node:path";
import { temporaryDirectory } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { flushFiles } from "../../src/lanes/flush-files.ts";
import type { FlushPace } from "../../src/lanes/flush-pace.ts";
import { directAccess, type FileAccess } from "../../src/storage/index.ts";
import { openFilesBelow } from "./support.ts";

/** Always the same one. */
function paceOf(isOwn: boolean): Pick<FlushPace, "isOwn" | "ownTook" | "pooledTook"> {
  return { isOwn, ownTook: () => {}, pooledTook: () => {} };
}

describe("flushing the files of a download in a lane", () => {
  it.each([
    ["the pool", false],
    ["the own thread", true],
  ])("flushes every one by %s and leaves none open", async (_, isOwn) => {
    await using dir = await temporaryDirectory();
    const paths = Array.from({ length: 30 }, (_, index) => `file-${index}`);
    for (const path of paths) await writeFile(dir.join(path), path);
    const flushed: string[] = [];
    const own: string[] = [];
    const access: FileAccess = {
      ...directAccess,
      open: async (path, flags) => {
        const file = await directAccess.open(path, flags);
        const datasync = async (): Promise<void> => {
          await file.datasync();
          flushed.push(relative(dir.path, path));
        };
        const datasyncNow = (): void => {
          file.datasyncNow();
          own.push(relative(dir.path, path));
        };
        return { ...file, datasync, datasyncNow };
      },
    };
    await flushFiles(dir.path, paths, access, paceOf(isOwn));
    expect((isOwn ? own : flushed).sort()).toEqual(paths.toSorted());
    expect(isOwn ? flushed : own).toEqual([]);
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

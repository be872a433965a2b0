import { link, lstat, mkdir, readFile, rename, symlink, writeFile } from "node:fs/promises";
import { seededBytes, type TemporaryDirectory, temporaryDirectory } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { identityOf } from "../../src/download/file-state.ts";
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
  const files = new LaneFiles(dir.path, { access: takingOnly(1_000) });
  files.name(0, "file", null);
  await files.write(0, bytes, 1_234);
  await files.close();
  const expected = Buffer.concat([Buffer.alloc(1_234), bytes, Buffer.alloc(10_000 - 1_234 - 4_321)]);
  expect((await readFile(dir.join("file"))).equals(expected)).toBe(true);
  expect(openFilesBelow(dir.path)).toEqual([]);
});

describe("a small file", () => {
  /** Who counts the flushes by the own thread. */
  function countingPace(isOwn: boolean) {
    const took: number[] = [];
    return { isOwn, took, ownTook: (ms: number) => void took.push(ms) };
  }

  async function written(offset: number, isOwn: boolean) {
    await using dir = await temporaryDirectory();
    await writeFile(dir.join("file"), Buffer.alloc(10_000));
    const flushed: string[] = [];
    const access: FileAccess = {
      ...directAccess,
      open: async (path, flags, mode) => {
        const file = await directAccess.open(path, flags, mode);
        const write = (part: Uint8Array, position: number) => {
          flushed.length = 0;
          return file.write(part, position);
        };
        return { ...file, write, datasyncNow: () => void flushed.push(path) };
      },
    };
    const pace = countingPace(isOwn);
    const files = new LaneFiles(dir.path, { access, pace });
    files.name(0, "file", null);
    expect(files.isFlushed(0)).toBe(false);
    await files.write(0, seededBytes(7, 1_000), offset);
    const isFlushed = files.isFlushed(0);
    files.name(0, "file", null);
    expect(files.isFlushed(0)).toBe(false);
    await files.close();
    return { isFlushed, flushes: flushed.length, told: pace.took.length };
  }

  it("is flushed behind its bytes, before it is closed, where the own thread flushes", async () => {
    expect(await written(0, true)).toEqual({ isFlushed: true, flushes: 1, told: 1 });
  });

  it("is not on the disk when something was written behind the flush, and is again behind the next", async () => {
    await using dir = await temporaryDirectory();
    await writeFile(dir.join("file"), Buffer.alloc(400_000));
    const files = new LaneFiles(dir.path, { pace: countingPace(true) });
    files.name(0, "file", null);
    for (const [length, offset, isFlushed] of [
      ...[[1_000, 0, true] as const, [1_000, 1_000, false] as const],
      ...[[1_000, 0, true] as const, [200_000, 2_000, false] as const],
    ]) {
      await files.write(0, seededBytes(7, length), offset);
      expect(files.isFlushed(0)).toBe(isFlushed);
    }
    await files.close();
  });

  it.each([
    ["where the own thread does not flush", 0, false],
    ["where the bytes are the end of a large one", 4_096, true],
  ])("is left to who flushes %s", async (_, offset, isOwn) => {
    expect(await written(offset, isOwn)).toEqual({ isFlushed: false, flushes: 0, told: 0 });
  });
});

describe("a link that comes in the way of a small file", () => {
  async function behindLink(): Promise<{ readonly dir: TemporaryDirectory; readonly identity: string }> {
    const dir = await temporaryDirectory();
    await mkdir(dir.join("root/data"), { recursive: true });
    await mkdir(dir.join("elsewhere"));
    await writeFile(dir.join("root/data/file"), "ours");
    await writeFile(dir.join("elsewhere/file"), "user");
    const identity = identityOf(await lstat(dir.join("root/data/file"), { bigint: true }));
    await rename(dir.join("root/data"), dir.join("moved"));
    await symlink(dir.join("elsewhere"), dir.join("root/data"));
    return { dir, identity };
  }

  it.each([
    ["it is known which file was made", (identity: string) => identity],
    ["that is not known", () => null],
  ])("leads nowhere where %s", async (_, known) => {
    const { dir, identity } = await behindLink();
    await using _dir = dir;
    const files = new LaneFiles(dir.join("root"));
    files.name(0, "data/file", known(identity));
    await expect(files.write(0, Buffer.from("ha"), 0)).rejects.toMatchObject({ code: "forbidden-path" });
    await files.close();
    expect(await readFile(dir.join("elsewhere/file"), "utf8")).toBe("user");
  });

  it("does not keep a file from being written that is the one that was made", async () => {
    const { dir, identity } = await behindLink();
    await using _dir = dir;
    await rename(dir.join("moved/file"), dir.join("elsewhere/file"));
    const files = new LaneFiles(dir.join("root"));
    files.name(0, "data/file", identity);
    await files.write(0, Buffer.from("o"), 0);
    await files.close();
    expect(await readFile(dir.join("elsewhere/file"), "utf8")).toBe("ours");
  });

  it("does not let a second name of the file that was made be written", async () => {
    await using dir = await temporaryDirectory();
    await writeFile(dir.join("file"), "ours");
    await link(dir.join("file"), dir.join("second"));
    const files = new LaneFiles(dir.path);
    files.name(0, "file", identityOf(await lstat(dir.join("file"), { bigint: true })));
    await expect(files.write(0, Buffer.from("ha"), 0)).rejects.toMatchObject({ code: "forbidden-path" });
    await files.close();
    expect(await readFile(dir.join("second"), "utf8")).toBe("ours");
  });
});

import { mkdir, readdir, rm, stat, symlink, truncate, writeFile } from "node:fs/promises";
import { temporaryDirectory } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { REMOVED_BY_LANE_BYTES } from "../../src/lanes/constants.ts";
import { poolOptions, startPool, watchThreads } from "./support.ts";

const FILES = Array.from({ length: 21 }, (_, index) => ({
  path: `data/file-${index}`,
  size: index,
  keeps: false,
  replaces: false,
}));

describe("making, looking at and removing files by lanes", () => {
  it("takes turns, and tells which file is in the way and what was made before", async () => {
    await using dir = await temporaryDirectory();
    using watch = watchThreads();
    await using pool = await startPool(await poolOptions({ count: 2 }));
    await using download = pool.open(dir.path);
    const [one, two] = await Promise.all([download.make(FILES.slice(0, 11)), download.make(FILES.slice(11))]);
    const answered = watch.threads.map(({ told }) => told.filter(({ type }) => type === "made").length);
    expect(answered).toEqual([1, 1]);
    expect([one?.error, two?.error]).toEqual([null, null]);
    expect([one?.made.length, two?.made.length]).toEqual([11, 10]);
    for (const { path, size } of FILES) expect((await stat(dir.join(path))).size).toBe(size);

    await writeFile(dir.join("mine"), "mine");
    const failed = await download.make([
      { path: "new", size: 1, keeps: false, replaces: false },
      { path: "mine", size: 4, keeps: false, replaces: false },
    ]);
    expect(failed).toMatchObject({ made: [0], error: { code: "already-exists" } });
    expect(String(failed?.error)).toContain(dir.join("mine"));
  });

  it("looks at them, and tells what cannot be looked at", async () => {
    await using dir = await temporaryDirectory();
    await mkdir(dir.join("folder"));
    await writeFile(dir.join("whole"), "1234");
    const { dev, ino, mtimeNs } = await stat(dir.join("whole"), { bigint: true });
    await using pool = await startPool(await poolOptions({ count: 1 }));
    await using download = pool.open(dir.path);
    const paths = ["whole", "gone", "folder"].map((path) => ({ path, size: 4 }));
    expect(await download.look(paths)).toEqual([
      { state: "ours", identity: `${dev}:${ino}`, mtimeNs: String(mtimeNs) },
      { state: "missing", identity: null, mtimeNs: null },
      { state: "other", identity: expect.any(String), mtimeNs: expect.any(String) },
    ]);
    const tooLong = "n".repeat(300);
    await expect(download.look([{ path: tooLong, size: 1 }])).rejects.toThrow(tooLong);
    await rm(dir.join("whole"));
    expect(await download.look(paths.slice(0, 1))).toEqual([
      { state: "missing", identity: null, mtimeNs: null },
    ]);
  });

  it("removes them, but for what is not ours, and for large ones", async () => {
    await using dir = await temporaryDirectory();
    await mkdir(dir.join("folder"));
    await writeFile(dir.join("ours"), "1234");
    await writeFile(dir.join("empty"), "");
    await writeFile(dir.join("other"), "12345");
    await writeFile(dir.join("old"), "12345");
    await writeFile(dir.join("large"), "");
    await truncate(dir.join("large"), REMOVED_BY_LANE_BYTES + 1);
    await symlink("folder", dir.join("link"));
    await using pool = await startPool(await poolOptions({ count: 1 }));
    await using download = pool.open(dir.path);
    const paths = ["ours", "empty", "other", "gone", "folder", "link/ours"];
    const files = paths.map((path) => ({ path, size: 4 }));
    const more = ["old", "large"].map((path) => ({ path, size: null }));
    expect(await download.remove([...files, ...more])).toEqual({
      stays: [
        [2, "replaced"],
        [4, "no-file"],
        [5, "no-file"],
        [7, "large"],
      ],
      error: null,
    });
    expect((await readdir(dir.path)).sort()).toEqual(["folder", "large", "link", "other"]);
    const tooLong = "n".repeat(300);
    const failed = await download.remove([{ path: tooLong, size: 1 }]);
    expect(String(failed?.error)).toContain(tooLong);
  });

  it("is left to somebody else where a lane dies meanwhile, and where there is none", async () => {
    await using dir = await temporaryDirectory();
    using watch = watchThreads();
    await using pool = await startPool(await poolOptions({ count: 1 }));
    await using download = pool.open(dir.path);
    const asked = [download.make(FILES), download.look(FILES), download.remove(FILES)];
    await watch.threads[0]?.worker.terminate();
    expect(await Promise.all(asked)).toEqual([null, null, null]);
    const later = [download.make(FILES), download.look(FILES), download.remove(FILES)];
    expect(await Promise.all(later)).toEqual([null, null, null]);
  });
});

import { mkdir, rm, stat, writeFile } from "node:fs/promises";
import { temporaryDirectory } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { LanePool } from "../../src/lanes/index.ts";
import { poolOptions, watchThreads } from "./support.ts";

const FILES = Array.from({ length: 21 }, (_, index) => ({
  path: `data/file-${index}`,
  size: index,
  keeps: false,
  replaces: false,
}));

describe("making files by lanes", () => {
  it("takes turns, and tells which file is in the way and what was made before", async () => {
    await using dir = await temporaryDirectory();
    using watch = watchThreads();
    await using pool = await LanePool.start(await poolOptions({ count: 2 }));
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
    const { dev, ino } = await stat(dir.join("whole"), { bigint: true });
    await using pool = await LanePool.start(await poolOptions({ count: 1 }));
    await using download = pool.open(dir.path);
    const paths = ["whole", "gone", "folder"].map((path) => ({ path, size: 4 }));
    expect(await download.look(paths)).toEqual([
      { state: "ours", identity: `${dev}:${ino}` },
      { state: "missing", identity: null },
      { state: "other", identity: expect.any(String) },
    ]);
    const tooLong = "n".repeat(300);
    await expect(download.look([{ path: tooLong, size: 1 }])).rejects.toThrow(tooLong);
    await rm(dir.join("whole"));
    expect(await download.look(paths.slice(0, 1))).toEqual([{ state: "missing", identity: null }]);
  });

  it("is left to somebody else where a lane dies meanwhile, and where there is none", async () => {
    await using dir = await temporaryDirectory();
    using watch = watchThreads();
    await using pool = await LanePool.start(await poolOptions({ count: 1 }));
    await using download = pool.open(dir.path);
    const [made, found] = [download.make(FILES), download.look(FILES)];
    await watch.threads[0]?.worker.terminate();
    expect([await made, await found]).toEqual([null, null]);
    expect([await download.make(FILES), await download.look(FILES)]).toEqual([null, null]);
  });
});

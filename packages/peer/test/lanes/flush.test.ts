import { mkdir, writeFile } from "node:fs/promises";
import { temporaryDirectory } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { poolOptions, startPool, watchThreads } from "./support.ts";

const PATHS = Array.from({ length: 21 }, (_, index) => `data/file-${index}`);

describe("flushing by lanes", () => {
  it("shares the files out among the lanes, and tells which one cannot be flushed", async () => {
    await using dir = await temporaryDirectory();
    await mkdir(dir.join("data"));
    for (const path of PATHS) await writeFile(dir.join(path), path);
    using watch = watchThreads();
    await using pool = await startPool(await poolOptions({ count: 2 }));
    await using download = pool.open(dir.path);
    expect(await download.flush(PATHS)).toBe(true);
    const answered = watch.threads.map(({ told }) => told.filter(({ type }) => type === "flushed").length);
    expect(answered).toEqual([1, 1]);
    await expect(download.flush([...PATHS, "data/gone"])).rejects.toMatchObject({
      code: "no-such-file",
      message: expect.stringContaining(dir.join("data", "gone")),
    });
  });

  it("is left to somebody else where a lane dies meanwhile, and where there is none", async () => {
    await using dir = await temporaryDirectory();
    await mkdir(dir.join("data"));
    for (const path of PATHS) await writeFile(dir.join(path), path);
    using watch = watchThreads();
    await using pool = await startPool(await poolOptions({ count: 2 }));
    await using download = pool.open(dir.path);
    const flushed = download.flush(PATHS);
    void watch.threads[0]?.worker.terminate();
    expect(await flushed).toBe(false);
    for (const { worker } of watch.threads) await worker.terminate();
    expect(await download.flush(PATHS)).toBe(false);
  });
});

import { mkdir, open, rename, stat, writeFile } from "node:fs/promises";
import { type TemporaryDirectory, temporaryDirectory } from "@lanspread/testkit";
import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from "vitest";
import { MAX_OPEN_FILES } from "../../src/download/constants.ts";
import { OpenFiles } from "../../src/download/open-files.ts";

const BYTES = Buffer.from("payload");

let dir: TemporaryDirectory;
let files: OpenFiles;
/** Every flush of a file that the disk is asked for. */
let disk: MockInstance<() => Promise<void>>;

beforeEach(async () => {
  dir = await temporaryDirectory();
  await mkdir(dir.join("ggoo"));
  for (let index = 0; index <= 2 * MAX_OPEN_FILES; index++) await writeFile(pathOf(index), "");
  await using handle = await open(pathOf(0));
  disk = vi.spyOn(Object.getPrototypeOf(handle), "datasync");
  files = new OpenFiles(dir.join("ggoo"), String);
});

afterEach(async () => {
  disk.mockRestore();
  await files.close();
  await dir[Symbol.asyncDispose]();
});

function pathOf(index: number): string {
  return dir.join("ggoo", String(index));
}

/** Writes to so many files that the first one is closed. */
async function writeToManyFiles(): Promise<void> {
  for (let index = 0; index <= MAX_OPEN_FILES; index++) await files.write(index, BYTES, 0);
}

/** Whether it ends while the disk is asked for many other things. */
async function hasEnded(work: Promise<void>): Promise<boolean> {
  let ended = false;
  work.finally(() => (ended = true)).catch(() => {});
  for (let turn = 0; turn < 100 && !ended; turn++) await stat(dir.path);
  return ended;
}

describe("the flush of a file", () => {
  it("waits for the one with which it is being closed", async () => {
    const slow = Promise.withResolvers<void>();
    disk.mockReturnValueOnce(slow.promise);
    await writeToManyFiles();
    const flushed = files.flush(0);
    expect(await hasEnded(flushed)).toBe(false);
    slow.resolve();
    await flushed;
    expect(disk).toHaveBeenCalledTimes(1);
  });

  it("tells that the one with which it was closed had failed, however often it is asked", async () => {
    disk.mockRejectedValueOnce(Object.assign(new Error("EIO: i/o error, fdatasync"), { code: "EIO" }));
    await writeToManyFiles();
    for (let time = 0; time < 2; time++) await expect(files.flush(0)).rejects.toThrow(pathOf(0));
    await files.flush(1);
  });

  it("that ran beside a change does not count for it", async () => {
    const slow = Promise.withResolvers<void>();
    const changed = files.change(0, () => slow.promise);
    await files.flush(0);
    slow.resolve();
    await changed;
    await files.flush(0);
    await files.flush(0);
    expect(disk).toHaveBeenCalledTimes(2);
  });

  it("is still to be done where it failed, also for what others have changed", async () => {
    files.changedElsewhere(0);
    await rename(pathOf(0), dir.join("away"));
    await expect(files.flush(0)).rejects.toMatchObject({ code: "no-such-file" });
    await rename(dir.join("away"), pathOf(0));
    await files.flush(0);
    await files.flush(0);
    expect(disk).toHaveBeenCalledTimes(1);
  });
});

it("lets nobody write faster than the disk flushes: no more are open than twice what may be", async () => {
  const slow = Promise.withResolvers<void>();
  disk.mockReturnValue(slow.promise);
  for (let index = 0; index < 2 * MAX_OPEN_FILES; index++) await files.write(index, BYTES, 0);
  const written = files.write(2 * MAX_OPEN_FILES, BYTES, 0);
  expect(await hasEnded(written)).toBe(false);
  slow.resolve();
  await written;
});

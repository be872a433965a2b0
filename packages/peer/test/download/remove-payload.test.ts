import { mkdir, readdir, symlink, unlink, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { type TemporaryDirectory, temporaryDirectory } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { FILES_PER_ORDER } from "../../src/download/constants.ts";
import { removeFiles } from "../../src/download/remove-files.ts";
import { removePayload } from "../../src/download/remove-payload.ts";
import type { OwnFile } from "../../src/download/safe-path.ts";
import type { LaneDownload } from "../../src/download/types.ts";
import { createLogger, type LogEntry } from "../../src/logger.ts";
import { directAccess } from "../../src/storage/index.ts";

/** Files of 4 bytes in three levels of directories. */
const FILES: readonly OwnFile[] = Array.from({ length: 3 * FILES_PER_ORDER + 1 }, (_, index) => ({
  path: `data/${index % 3}/${index % 7}/file-${index}`,
  size: 4,
}));

async function put(dir: TemporaryDirectory, path: string, content = "1234"): Promise<void> {
  await mkdir(dirname(dir.join(path)), { recursive: true });
  await writeFile(dir.join(path), content);
}

/** The lanes of a peer, on this thread. @param remove may do something else for an order; undefined for as ever */
function lanesOf(
  root: string,
  remove: (files: readonly OwnFile[], order: number) => ReturnType<LaneDownload["remove"]> | undefined = () =>
    undefined,
): Pick<LaneDownload, "remove"> & { readonly orders: number[] } {
  const orders: number[] = [];
  return {
    orders,
    remove: (files) => {
      orders.push(files.length);
      return remove(files, orders.length) ?? removeFiles(directAccess, root, files, 100);
    },
  };
}

describe.each(["lanes", "no lanes"])("files of a download are removed with %s", (how) => {
  it("and what is not ours stays, with a warning each", async () => {
    await using dir = await temporaryDirectory();
    for (const { path } of FILES) await put(dir, path);
    await put(dir, "data/mine", "mine");
    await put(dir, "replaced", "12345");
    await put(dir, "empty", "");
    await put(dir, "old", "of any size");
    await put(dir, "large", "l".repeat(101));
    await mkdir(dir.join("folder/in the way"), { recursive: true });
    await put(dir, "elsewhere/a");
    await symlink("elsewhere", dir.join("link"));
    const others: OwnFile[] = [
      { path: "replaced", size: 4 },
      { path: "empty", size: 4 },
      { path: "old", size: null },
      { path: "large", size: 101 },
      { path: "folder", size: 4 },
      { path: "link/a", size: 4 },
      { path: "gone/with/its/directory", size: 4 },
    ];
    const log: LogEntry[] = [];
    const logger = createLogger({ level: "debug", sink: (entry) => log.push(entry) });
    const lanes = lanesOf(dir.path);
    await removePayload(dir.path, [...FILES, ...others], { logger, lanes: how === "lanes" ? lanes : null });
    expect((await readdir(dir.path, { recursive: true })).sort()).toEqual(
      [
        "data",
        "data/mine",
        "elsewhere",
        "elsewhere/a",
        "folder",
        "folder/in the way",
        "link",
        "link/a",
        "replaced",
      ].sort(),
    );
    expect(log.map(({ fields }) => fields["path"])).toEqual(
      expect.arrayContaining(["replaced", "folder", "link/a"].map((path) => dir.join(path))),
    );
    expect(log).toHaveLength(3);
    if (how === "lanes") expect(Math.max(...lanes.orders)).toBe(FILES_PER_ORDER);
  });
});

describe("a lane", () => {
  const logger = createLogger({ level: "error", sink: () => {} });

  it("that is gone in the middle of it leaves the rest to this thread", async () => {
    await using dir = await temporaryDirectory();
    for (const { path } of FILES) await put(dir, path);
    const lanes = lanesOf(dir.path, async (files, order) => {
      if (order === 1) return await removeFiles(directAccess, dir.path, files);
      for (const { path } of files.slice(0, 10)) await unlink(dir.join(path));
      return null;
    });
    await removePayload(dir.path, FILES, { logger, lanes });
    expect(await readdir(dir.path)).toEqual([]);
  });

  it("that cannot remove a file ends it, and says which", async () => {
    await using dir = await temporaryDirectory();
    for (const { path } of FILES) await put(dir, path);
    const lanes = lanesOf(dir.path, async () => ({ stays: [], error: new Error("held open") }));
    await expect(removePayload(dir.path, FILES, { logger, lanes })).rejects.toThrow("held open");
  });
});

import { renameSync, symlinkSync } from "node:fs";
import { mkdir, readdir, symlink, unlink, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { type TemporaryDirectory, temporaryDirectory } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { FILES_AT_ONCE, FILES_PER_ORDER } from "../../src/download/constants.ts";
import { removeFiles } from "../../src/download/remove-files.ts";
import { removePayload } from "../../src/download/remove-payload.ts";
import type { OwnFile } from "../../src/download/safe-path.ts";
import type { LaneDownload } from "../../src/download/types.ts";
import { createLogger, type LogEntry } from "../../src/logger.ts";
import { directAccess, type FileAccess, pooledAccess } from "../../src/storage/index.ts";

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
    await put(dir, "elsewhere/deep/b");
    await symlink("elsewhere", dir.join("link"));
    const others: OwnFile[] = [
      { path: "replaced", size: 4 },
      { path: "empty", size: 4 },
      { path: "old", size: null },
      { path: "large", size: 101 },
      { path: "folder", size: 4 },
      { path: "link/a", size: 4 },
      { path: "link/deep/b", size: 4 },
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
        "elsewhere/deep",
        "elsewhere/deep/b",
        "folder",
        "folder/in the way",
        "link",
        "link/a",
        "link/deep",
        "link/deep/b",
        "replaced",
      ].sort(),
    );
    expect(log.map(({ fields }) => fields["path"])).toEqual(
      expect.arrayContaining(["replaced", "folder", "link/a", "link/deep/b"].map((path) => dir.join(path))),
    );
    expect(log).toHaveLength(4);
    if (how === "lanes") expect(Math.max(...lanes.orders)).toBe(FILES_PER_ORDER);
  });
});

describe.each([
  ["by the thread itself", directAccess],
  ["by the pool", pooledAccess],
])("a directory that becomes a link to somebody else's files while files are removed %s", (_, base) => {
  const names = Array.from({ length: FILES_PER_ORDER }, (__, index) => `file-${index}`);
  const files = names.map((name): OwnFile => ({ path: `data/${name}`, size: 4 }));

  /** The files of a game, and the user's of the same names and sizes elsewhere; the link comes with the tenth removal. */
  async function setUp(dir: TemporaryDirectory): Promise<FileAccess> {
    for (const name of names) {
      await put(dir, `game/data/${name}`);
      await put(dir, `mine/${name}`, "mine");
    }
    let removals = 0;
    return {
      ...base,
      unlink: async (path) => {
        removals += 1;
        if (removals === 10) {
          renameSync(dir.join("game/data"), dir.join("game/moved"));
          symlinkSync(dir.join("mine"), dir.join("game/data"));
        }
        await base.unlink(path);
      },
    };
  }

  it.skipIf(process.platform !== "linux")("costs none of these", async () => {
    await using dir = await temporaryDirectory();
    const access = await setUp(dir);
    expect(await removeFiles(access, dir.join("game"), files)).toEqual({ stays: [], error: null });
    expect(await readdir(dir.join("mine"))).toHaveLength(names.length);
    expect(await readdir(dir.join("game/moved"))).toEqual([]);
  });

  it("costs at most those that are being removed in that moment, where no path leads into an open directory", async () => {
    await using dir = await temporaryDirectory();
    const access = await setUp(dir);
    const open = (): never => {
      throw new Error("not here");
    };
    const { stays } = await removeFiles({ ...access, open }, dir.join("game"), files);
    expect((await readdir(dir.join("mine"))).length).toBeGreaterThanOrEqual(names.length - FILES_AT_ONCE);
    expect(stays.length).toBeGreaterThan(0);
    expect(new Set(stays.map(([, why]) => why))).toEqual(new Set(["no-file"]));
  });
});

it("the directories of files that were removed are not left open", async () => {
  await using dir = await temporaryDirectory();
  for (const { path } of FILES) await put(dir, path);
  let open = 0;
  const access: FileAccess = {
    ...directAccess,
    open: async (path, flags) => {
      const file = await directAccess.open(path, flags);
      open += 1;
      const close = async (): Promise<void> => {
        open -= 1;
        await file.close();
      };
      return { ...file, close };
    },
  };
  expect(await removeFiles(access, dir.path, FILES)).toEqual({ stays: [], error: null });
  expect(open).toBe(0);
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

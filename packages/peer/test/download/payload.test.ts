import { mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { pieceLayout } from "@lanspread/proto";
import { temporaryDirectory } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { findFile, identityOf } from "../../src/download/file-state.ts";
import { makeFiles } from "../../src/download/make-files.ts";
import { Payload, type PayloadOptions } from "../../src/download/payload.ts";
import { directAccess } from "../../src/storage/index.ts";
import { namesOf, observeFlushes } from "../storage/observed-flushes.ts";

const FILES = [
  ...Array.from({ length: 150 }, (_, index) => ({ path: `data/deep/file-${index}`, size: 4 })),
  { path: "version.ini", size: 3 },
];

type Lanes = NonNullable<PayloadOptions["lanes"]>;

async function createPayload(lanesOf: (root: string) => Lanes | null = () => null) {
  const dir = await temporaryDirectory();
  const root = dir.join("ggoo");
  await mkdir(root);
  const layout = pieceLayout({ piece_size: 4, files: FILES });
  const payload = new Payload({
    ...{ root, layout, old: new Set(), touched: false, touch: async () => {} },
    lanes: lanesOf(root),
  });
  return {
    ...{ root, payload, path: (name: string) => dir.join("ggoo", name) },
    async [Symbol.asyncDispose]() {
      await payload[Symbol.asyncDispose]();
      await dir[Symbol.asyncDispose]();
    },
  };
}

describe("the files of a download", () => {
  it("are noted as flushed when their names are on the disk, and those of their folders", async () => {
    await using rig = await createPayload();
    const flushes = await observeFlushes(
      async () => {
        await rig.payload.create(false);
        await rig.payload.flush([]);
      },
      async () => null,
    );
    const flushed = flushes.filter(({ directory }) => directory).map(({ inode }) => inode);
    for (const folder of ["", "data", "data/deep"])
      expect(flushed, folder).toContain((await stat(rig.path(folder))).ino);
    expect(await namesOf(rig.root)).toEqual(["data"]);
  });

  it("are known to be the own ones where they were made, and not where they were there", async () => {
    await using rig = await createPayload();
    await rig.payload.create(false);
    const { dev, ino } = await stat(rig.path("data/deep/file-3"), { bigint: true });
    expect(rig.payload.identityOf(3)).toBe(identityOf({ dev, ino }));
    expect(rig.payload.identityOf(rig.payload.sentinelIndex)).toBeNull();
    const layout = pieceLayout({ piece_size: 4, files: FILES });
    const old = { old: new Set<number>(), touched: false, touch: async () => {} };
    await using resumed = new Payload({ root: rig.root, layout, ...old });
    await resumed.create(true);
    expect(resumed.identityOf(3)).toBeNull();
  });

  it("are made and looked at by lanes, in parts", async () => {
    const made: number[] = [];
    const found: number[] = [];
    await using rig = await createPayload((root) => ({
      make: async (files) => {
        made.push(files.length);
        return await makeFiles(directAccess, root, files);
      },
      look: async (files) => {
        found.push(files.length);
        return await Promise.all(files.map((file) => findFile(directAccess, root, file)));
      },
    }));
    await rig.payload.create(false);
    expect(rig.payload.made.size).toBe(150);
    expect((await rig.payload.inspect()).misplaced.size).toBe(0);
    await rename(rig.path("data/deep/file-140"), rig.path("moved"));
    // Moved away and not removed: the number of a removed file may be the next one's.
    await rename(rig.path("data/deep/file-3"), rig.path("moved, too"));
    await writeFile(rig.path("data/deep/file-3"), "mine");
    await rm(rig.path("data/deep/file-70"));
    await writeFile(rig.path("data/deep/file-70"), "another size");
    const { misplaced, mtimesNs } = await rig.payload.inspect();
    expect(new Map(misplaced)).toEqual(
      new Map([
        [3, "ours"],
        [70, "other"],
        [140, "missing"],
      ]),
    );
    const untouched = [...FILES.keys()].filter((index) => ![3, 70, 140, 150].includes(index));
    expect([...mtimesNs.keys()]).toEqual(untouched);
    const { mtimeNs } = await stat(rig.path("data/deep/file-149"), { bigint: true });
    expect(mtimesNs.get(149)).toBe(String(mtimeNs));
    expect(made).toEqual([64, 64, 22]);
    expect(found).toEqual([64, 64, 22, 64, 64, 22]);
  });

  it("are made and looked at here where a lane is gone that had made some", async () => {
    await using rig = await createPayload((root) => ({
      make: async (files) => {
        await makeFiles(directAccess, root, files.slice(0, 5));
        return null;
      },
      look: async () => null,
    }));
    await rig.payload.create(false);
    expect((await namesOf(rig.path("data/deep"))).length).toBe(150);
    expect((await rig.payload.inspect()).misplaced.size).toBe(0);
    // Those that were there may lie behind a link that has come since.
    expect(rig.payload.identityOf(0)).toBeNull();
  });

  it("count as made, and their names as new, where a lane is gone that had made all", async () => {
    await using rig = await createPayload((root) => ({
      make: async (files) => {
        await makeFiles(directAccess, root, files);
        return null;
      },
      look: async () => null,
    }));
    const flushes = await observeFlushes(
      async () => {
        await rig.payload.create(false);
        await rig.payload.flush([]);
      },
      async () => null,
    );
    expect(rig.payload.made.size).toBe(150);
    const flushed = flushes.filter(({ directory }) => directory).map(({ inode }) => inode);
    for (const folder of ["", "data", "data/deep"])
      expect(flushed, folder).toContain((await stat(rig.path(folder))).ino);
  });

  it("are told as made as far as they were, where one is in the way", async () => {
    await using rig = await createPayload((root) => ({
      make: (files) => makeFiles(directAccess, root, files),
      look: async () => null,
    }));
    await mkdir(rig.path("data/deep"), { recursive: true });
    await writeFile(rig.path("data/deep/file-149"), "mine");
    await expect(rig.payload.create(false)).rejects.toMatchObject({ code: "already-exists" });
    expect(rig.payload.made.has(149)).toBe(false);
    const names = await namesOf(rig.path("data/deep"));
    expect(names.length).toBe(rig.payload.made.size + 1);
    expect(await readFile(rig.path("data/deep/file-149"), "utf8")).toBe("mine");
  });
});

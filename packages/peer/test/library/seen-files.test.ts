import { readFile, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { WalkedFile } from "../../src/library/index.ts";
import { createRig, type Files, GGOO, type Rig, writeFiles } from "./support.ts";

/** What no file on the disk has. */
const MTIME_NS = "1234567890123456789";

const GAME: Files = {
  "version.ini": "version=2018.04.12\n",
  "data/a": "aa",
  "data/b": "bb",
  "maps/deep/c": "cc",
};

function seen(paths: readonly string[]): Map<string, WalkedFile> {
  return new Map(paths.map((path) => [path, { path, size: 2, mtimeNs: MTIME_NS }]));
}

/** Announces a game behind an operation that has seen some of its files. */
async function announce(paths: readonly string[], change: (root: string) => Promise<void> = async () => {}) {
  const rig = await createRig({ ggoo: GAME });
  await rig.library.start();
  await rig.library.hashed();
  const known = rig.library.manifestOf(GGOO);
  if (known?.digests === undefined || known.digests === null) throw new Error("the game was hashed");
  const root = join(rig.gamesDir, "ggoo");
  rig.busy.add(GGOO);
  await rig.library.hold(GGOO);
  // The same content, so that the digests hold: who hashes would notice that the files have other times.
  await writeFiles(root, { "version.ini": "version=2018.04.12\n" });
  await change(root);
  const { manifest_hash: manifestHash } = known.manifest;
  await rig.library.release(GGOO, { manifestHash, digests: known.digests, seen: seen(paths) });
  rig.busy.delete(GGOO);
  return rig;
}

/** When the files of a game were changed last, as the index has it. */
async function timesOf({ stateDir }: Rig): Promise<Record<string, string>> {
  const { files } = JSON.parse(await readFile(stateDir.libraryEntry(GGOO), "utf8"));
  return Object.fromEntries(files.map(([path, _size, mtimeNs]: string[]) => [path, mtimeNs]));
}

async function timeOnDisk({ gamesDir }: Rig, path: string): Promise<string> {
  const { mtimeNs } = await stat(join(gamesDir, "ggoo", path), { bigint: true });
  return String(mtimeNs);
}

describe("files that an operation has seen", () => {
  it("are not looked at again when it ends, all others are", async () => {
    await using rig = await announce(["data/a", "data/b", "version.ini"]);
    expect(await timesOf(rig)).toEqual({
      "data/a": MTIME_NS,
      "data/b": MTIME_NS,
      "maps/deep/c": await timeOnDisk(rig, "maps/deep/c"),
      "version.ini": await timeOnDisk(rig, "version.ini"),
    });
    expect(rig.library.manifestOf(GGOO)?.manifest.files).toHaveLength(4);
  });

  it("are looked at by the next look, whatever it comes from", async () => {
    await using rig = await announce(["data/a", "data/b"]);
    await utimes(join(rig.gamesDir, "ggoo", "data", "a"), 1, 1);
    await rig.library.rescanAll();
    expect(await timesOf(rig)).toMatchObject({
      "data/a": "1000000000",
      "data/b": await timeOnDisk(rig, "data/b"),
    });
    const { walks } = rig.library.state();
    await rig.library.rescanAll();
    expect(rig.library.state().walks).toBe(walks);
  });

  it("do not hide what lies beside them, nor one that is gone", async () => {
    await using rig = await announce(["data/a", "data/b", "maps/deep/c", "maps/gone"], async (root) => {
      await writeFiles(root, { "data/mine": "mine" });
    });
    const { files } = rig.library.manifestOf(GGOO)?.manifest ?? {};
    expect(files?.map(({ path }) => path)).toEqual([
      "data/a",
      "data/b",
      "data/mine",
      "maps/deep/c",
      "version.ini",
    ]);
    expect(await timesOf(rig)).toMatchObject({
      "data/a": await timeOnDisk(rig, "data/a"),
      "maps/deep/c": MTIME_NS,
    });
  });
});

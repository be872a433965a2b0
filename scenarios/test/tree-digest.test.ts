import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { differences, digestTree } from "../src/tree-digest.ts";

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "lanspread-tree-"));
  await mkdir(join(root, "a/data"), { recursive: true });
  await writeFile(join(root, "a/data/map.bin"), "map");
  await writeFile(join(root, "a/readme.txt"), "read me");
});

afterEach(() => rm(root, { recursive: true, force: true }));

describe("digestTree", () => {
  it("lists every file with size and SHA-256, folders by their files", async () => {
    const tree = await digestTree(join(root, "a"));
    expect([...tree]).toEqual([
      ["data/map.bin", { size: 3, sha256: createHash("sha256").update("map").digest("hex") }],
      ["readme.txt", { size: 7, sha256: createHash("sha256").update("read me").digest("hex") }],
    ]);
  });

  it("leaves out what is skipped, with everything below it", async () => {
    const tree = await digestTree(join(root, "a"), { skip: (path) => path === "data" });
    expect([...tree.keys()]).toEqual(["readme.txt"]);
  });

  it("rejects for a tree that is not there", async () => {
    await expect(digestTree(join(root, "missing"))).rejects.toThrow("ENOENT");
  });
});

describe("differences", () => {
  it("finds nothing between a tree and itself", async () => {
    expect(differences(await digestTree(join(root, "a")), await digestTree(join(root, "a")))).toEqual([]);
  });

  it("names a missing, a longer, a changed and a foreign file", async () => {
    const before = await digestTree(join(root, "a"));
    await writeFile(join(root, "a/readme.txt"), "read mE");
    await writeFile(join(root, "a/foreign"), "");
    await writeFile(join(root, "a/data/map.bin"), "map!");
    expect(differences(before, await digestTree(join(root, "a")))).toEqual([
      "data/map.bin has 4 bytes instead of 3",
      "readme.txt has other bytes",
      "foreign should not be there",
    ]);
    await rm(join(root, "a/data"), { recursive: true });
    expect(differences(before, await digestTree(join(root, "a")))).toContain("data/map.bin is missing");
  });

  it("never takes a link for the file it points to", async () => {
    const before = await digestTree(join(root, "a"));
    await rm(join(root, "a/readme.txt"));
    await writeFile(join(root, "elsewhere"), "read me");
    await symlink(join(root, "elsewhere"), join(root, "a/readme.txt"));
    const after = await digestTree(join(root, "a"));
    expect(differences(before, after)).toHaveLength(1);
    expect(differences(after, after)).toHaveLength(1);
  });
});

import { link, mkdir, readdir, readFile, readlink, rename, symlink, writeFile } from "node:fs/promises";
import { temporaryDirectory } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { checkBatch, makeBelow, removeFile } from "../../src/download/safe-path.ts";
import { pooledAccess } from "../../src/storage/index.ts";

describe("removing a file of a game", () => {
  it("removes a regular file, and no other name of it", async () => {
    await using dir = await temporaryDirectory();
    await writeFile(dir.join("a"), "a");
    await link(dir.join("a"), dir.join("b"));
    expect(await removeFile(dir.path, "a")).toBe(true);
    expect(await removeFile(dir.path, "a")).toBe(true);
    expect(await readdir(dir.path)).toEqual(["b"]);
  });

  it("keeps a link, an empty directory, and what lies behind a link", async () => {
    await using dir = await temporaryDirectory();
    await mkdir(dir.join("root", "directory"), { recursive: true });
    await mkdir(dir.join("elsewhere"));
    await writeFile(dir.join("elsewhere", "precious"), "p");
    await symlink(dir.join("elsewhere", "precious"), dir.join("root", "link"));
    await symlink(dir.join("elsewhere"), dir.join("root", "linked"));
    for (const path of ["link", "directory", "linked", "linked/precious"]) {
      expect(await removeFile(dir.join("root"), path), path).toBe(false);
    }
    expect((await readdir(dir.join("root"))).sort()).toEqual(["directory", "link", "linked"]);
    expect(await readlink(dir.join("root", "link"))).toBe(dir.join("elsewhere", "precious"));
    expect(await readFile(dir.join("elsewhere", "precious"), "utf8")).toBe("p");
  });
});

describe("making the files of a game", () => {
  it("makes them and their directories, and nothing that is there already", async () => {
    await using dir = await temporaryDirectory();
    const directories = { known: new Set<string>(), made: new Set<string>() };
    for (const path of ["a/b/one", "a/b/two", "three"]) {
      await (await makeBelow(dir.path, path, directories, pooledAccess)).close();
    }
    await checkBatch(directories, pooledAccess);
    expect((await readdir(dir.path, { recursive: true })).sort()).toEqual(
      ["a", "a/b", "a/b/one", "a/b/two", "three"].sort(),
    );
    expect([...directories.made].sort()).toEqual([dir.join("a"), dir.join("a", "b")]);
    await expect(makeBelow(dir.path, "three", directories, pooledAccess)).rejects.toMatchObject({
      code: "already-exists",
    });
  });

  it("does not pass where a directory has become a link meanwhile", async () => {
    await using dir = await temporaryDirectory();
    await mkdir(dir.join("root"));
    await mkdir(dir.join("elsewhere"));
    const directories = { known: new Set<string>(), made: new Set<string>() };
    await (await makeBelow(dir.join("root"), "data/one", directories, pooledAccess)).close();
    await rename(dir.join("root", "data"), dir.join("root", "moved"));
    await symlink(dir.join("elsewhere"), dir.join("root", "data"));
    await expect(checkBatch(directories, pooledAccess)).rejects.toMatchObject({ code: "forbidden-path" });
  });
});

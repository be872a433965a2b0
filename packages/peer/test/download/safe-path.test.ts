import { link, mkdir, readdir, readFile, readlink, symlink, writeFile } from "node:fs/promises";
import { temporaryDirectory } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { removeFile } from "../../src/download/safe-path.ts";

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

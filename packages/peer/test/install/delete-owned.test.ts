import { chmod, lstat, mkdir, readdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { temporaryDirectory } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { deleteOwned, examineReserved, markOwned } from "../../src/install/reserved-directory.ts";
import { asNobody } from "../storage/as-nobody.ts";
import { tree, writeFiles } from "./support.ts";

/** Somebody's directory that somebody else cannot change: two users. */
const noOthers = process.getuid?.() === 0 ? "" : "(skipped: needs root)";

describe("deleting a directory of ours", () => {
  it.skipIf(noOthers !== "")(
    `keeps the marker as long as anything else is in it, and goes on the next time ${noOthers}`,
    async () => {
      await using place = await temporaryDirectory();
      const path = place.join(".local.backup");
      await mkdir(path);
      await writeFiles(path, { "a/file": "1", "locked/file": "2", "z/file": "3", "~": "4" });
      await markOwned(path, "uninstalling");
      // Whoever deletes may change every directory but one.
      await chmod(place.path, 0o777);
      for (const name of ["", "a", "z"]) await chmod(join(path, name), 0o777);
      await chmod(join(path, "locked"), 0o555);
      await expect(asNobody(() => deleteOwned(path))).rejects.toMatchObject({ code: "no-permission" });
      expect(await examineReserved(path)).toMatchObject({ state: "marked", purpose: "uninstalling" });
      expect(Object.keys(await tree(path))).toContain("locked/file");

      await chmod(join(path, "locked"), 0o777);
      await asNobody(() => deleteOwned(path));
      expect(await readdir(place.path)).toEqual([]);
      await deleteOwned(path);
    },
  );

  it("deletes what its owner has made read-only, and changes nothing behind a link", async () => {
    await using place = await temporaryDirectory();
    const [path, outside] = [place.join(".local.backup"), place.join("outside")];
    await chmod(place.path, 0o777);
    await asNobody(async () => {
      await writeFiles(outside, { precious: "the user's" });
      await chmod(outside, 0o555);
      await writeFiles(path, { "mods/deep/file": "1" });
      await symlink(outside, join(path, "mods", "link"));
      for (const name of ["mods/deep", "mods"]) await chmod(join(path, name), 0o555);
      await deleteOwned(path);
    });
    expect(await readdir(place.path)).toEqual(["outside"]);
    expect((await lstat(outside)).mode & 0o777).toBe(0o555);
    expect(await readdir(outside)).toEqual(["precious"]);
    await chmod(outside, 0o755);
  });
});

import { mkdir, rename, symlink } from "node:fs/promises";
import { join } from "node:path";
import { temporaryDirectory } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { SettledRoots } from "../../src/library/settled-roots.ts";

describe("the roots of a games directory", () => {
  it("are told when what was interrupted there is put right, which happens once while it stays", async () => {
    await using dir = await temporaryDirectory();
    let recovered = 0;
    const roots = new SettledRoots(async (gamesDir) => {
      recovered += 1;
      await mkdir(join(gamesDir, `made${recovered}`));
    });
    expect((await roots.list(dir.path)).ids).toEqual(["made1"]);
    expect((await roots.list(dir.path)).ids).toEqual(["made1"]);
    expect(recovered).toBe(1);
  });

  it("are those of the directory that came while another one at the same path was put right, and so is that", async () => {
    await using dir = await temporaryDirectory();
    const [path, other] = [dir.join("games"), dir.join("other")];
    await mkdir(join(path, "old"), { recursive: true });
    await mkdir(join(other, "interrupted"), { recursive: true });
    let recovered = 0;
    const roots = new SettledRoots(async (gamesDir) => {
      recovered += 1;
      if (recovered === 1) {
        await rename(path, dir.join("away"));
        await rename(other, path);
      } else await rename(join(gamesDir, "interrupted"), join(gamesDir, "mended"));
    });
    expect((await roots.list(path)).ids).toEqual(["mended"]);
    expect(recovered).toBe(2);
  });

  it("are put right again in a directory that was away, even if it is the same one", async () => {
    await using dir = await temporaryDirectory();
    const path = dir.join("games");
    await mkdir(path);
    let recovered = 0;
    const roots = new SettledRoots(async () => {
      recovered += 1;
    });
    await roots.list(path);
    await rename(path, dir.join("away"));
    await expect(roots.list(path)).rejects.toMatchObject({ code: "no-such-directory" });
    await rename(dir.join("away"), path);
    await roots.list(path);
    expect(recovered).toBe(2);
  });

  it("are put right under each path that leads there: what is noted of a game is noted with its path", async () => {
    await using dir = await temporaryDirectory();
    const [path, link] = [dir.join("games"), dir.join("link")];
    await mkdir(path);
    await symlink(path, link);
    const recovered: string[] = [];
    const roots = new SettledRoots(async (gamesDir) => {
      recovered.push(gamesDir);
    });
    for (const given of [path, link, link, path]) await roots.list(given);
    expect(recovered).toEqual([path, link, path]);
  });

  it("are not told where they cannot be put right, which is tried again", async () => {
    await using dir = await temporaryDirectory();
    let attempts = 0;
    const roots = new SettledRoots(async () => {
      attempts += 1;
      if (attempts < 3) throw new Error("it is mixed up with something");
    });
    for (const attempt of [1, 2]) {
      await expect(roots.list(dir.path)).rejects.toThrow("mixed up");
      expect(attempts).toBe(attempt);
      expect(roots.recovering()).toBeNull();
    }
    expect((await roots.list(dir.path)).ids).toEqual([]);
  });

  it("are seen by nobody while they are being put right: who asks meanwhile waits", async () => {
    await using dir = await temporaryDirectory();
    const begun = Promise.withResolvers<void>();
    const mended = Promise.withResolvers<void>();
    const roots = new SettledRoots(async (gamesDir) => {
      begun.resolve();
      await mended.promise;
      await mkdir(join(gamesDir, "mended"));
    });
    expect(roots.recovering()).toBeNull();
    const first = roots.list(dir.path);
    await begun.promise;
    const second = roots.list(dir.path);
    const order: string[] = [];
    const waiting = roots.recovering();
    expect(waiting).not.toBeNull();
    void second.then(() => order.push("listed"));
    void waiting?.then(() => order.push("put right"));
    mended.resolve();
    expect((await first).ids).toEqual(["mended"]);
    expect((await second).ids).toEqual(["mended"]);
    await waiting;
    expect(order.sort()).toEqual(["listed", "put right"]);
    expect(roots.recovering()).toBeNull();
  });
});

import { chmod, mkdir, readdir, stat, writeFile } from "node:fs/promises";
import { temporaryDirectory } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { openStateDir } from "../../src/storage/index.ts";

const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;

describe("openStateDir", () => {
  it.skipIf(process.platform === "win32")("makes everything for its owner alone", async () => {
    await using dir = await temporaryDirectory();
    const state = await openStateDir(dir.join("new", "state"));
    for (const path of [state.root, state.identityDir, state.libraryDir, state.gamesDir, state.logsDir]) {
      expect(await modeOf(path)).toBe(0o700);
    }
  });

  it.skipIf(process.platform === "win32")(
    "closes an empty directory and an old state directory",
    async () => {
      await using dir = await temporaryDirectory();
      await mkdir(dir.join("state"), { mode: 0o755 });
      await openStateDir(dir.join("state"));
      expect(await modeOf(dir.join("state"))).toBe(0o700);
      await chmod(dir.join("state"), 0o755);
      await openStateDir(dir.join("state"));
      expect(await modeOf(dir.join("state"))).toBe(0o700);
    },
  );

  it.skipIf(process.platform === "win32")(
    "does not lock others out of a directory that holds other things",
    async () => {
      await using dir = await temporaryDirectory();
      await chmod(dir.path, 0o755);
      await writeFile(dir.join("thesis.txt"), "");
      const state = await openStateDir(dir.path);
      expect(await modeOf(dir.path)).toBe(0o755);
      expect(await modeOf(state.identityDir)).toBe(0o700);
      expect(await readdir(dir.path)).toContain("thesis.txt");
    },
  );

  it("names what is no directory", async () => {
    await using dir = await temporaryDirectory();
    await writeFile(dir.join("file"), "");
    await expect(openStateDir(dir.join("file"))).rejects.toMatchObject({
      code: "not-a-directory",
      message: expect.stringContaining(dir.join("file")),
    });
    await expect(openStateDir(dir.join("file", "below"))).rejects.toMatchObject({ code: "not-a-directory" });
  });
});

import { link, lstat, mkdir, readFile, rename, symlink, writeFile } from "node:fs/promises";
import { seededBytes, type TemporaryDirectory, temporaryDirectory } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { identityOf } from "../../src/download/file-state.ts";
import { LaneFiles } from "../../src/lanes/lane-files.ts";
import { directAccess, type FileAccess } from "../../src/storage/index.ts";
import { openFilesBelow } from "./support.ts";

/** A disk that takes so many bytes at a time at most. */
function takingOnly(bytes: number): FileAccess {
  return {
    ...directAccess,
    open: async (path, flags, mode) => {
      const file = await directAccess.open(path, flags, mode);
      return { ...file, write: (part, position) => file.write(part.subarray(0, bytes), position) };
    },
  };
}

it("writes every byte to its place, however few of them the disk takes at a time", async () => {
  await using dir = await temporaryDirectory();
  await writeFile(dir.join("file"), Buffer.alloc(10_000));
  const bytes = seededBytes(7, 4_321);
  const files = new LaneFiles(dir.path, takingOnly(1_000));
  files.name(0, "file", null);
  await files.write(0, bytes, 1_234);
  await files.close();
  const expected = Buffer.concat([Buffer.alloc(1_234), bytes, Buffer.alloc(10_000 - 1_234 - 4_321)]);
  expect((await readFile(dir.join("file"))).equals(expected)).toBe(true);
  expect(openFilesBelow(dir.path)).toEqual([]);
});

describe("a link that comes in the way of a small file", () => {
  async function behindLink(): Promise<{ readonly dir: TemporaryDirectory; readonly identity: string }> {
    const dir = await temporaryDirectory();
    await mkdir(dir.join("root/data"), { recursive: true });
    await mkdir(dir.join("elsewhere"));
    await writeFile(dir.join("root/data/file"), "ours");
    await writeFile(dir.join("elsewhere/file"), "user");
    const identity = identityOf(await lstat(dir.join("root/data/file"), { bigint: true }));
    await rename(dir.join("root/data"), dir.join("moved"));
    await symlink(dir.join("elsewhere"), dir.join("root/data"));
    return { dir, identity };
  }

  it.each([
    ["it is known which file was made", (identity: string) => identity],
    ["that is not known", () => null],
  ])("leads nowhere where %s", async (_, known) => {
    const { dir, identity } = await behindLink();
    await using _dir = dir;
    const files = new LaneFiles(dir.join("root"));
    files.name(0, "data/file", known(identity));
    await expect(files.write(0, Buffer.from("ha"), 0)).rejects.toMatchObject({ code: "forbidden-path" });
    await files.close();
    expect(await readFile(dir.join("elsewhere/file"), "utf8")).toBe("user");
  });

  it("does not keep a file from being written that is the one that was made", async () => {
    const { dir, identity } = await behindLink();
    await using _dir = dir;
    await rename(dir.join("moved/file"), dir.join("elsewhere/file"));
    const files = new LaneFiles(dir.join("root"));
    files.name(0, "data/file", identity);
    await files.write(0, Buffer.from("o"), 0);
    await files.close();
    expect(await readFile(dir.join("elsewhere/file"), "utf8")).toBe("ours");
  });

  it("does not let a second name of the file that was made be written", async () => {
    await using dir = await temporaryDirectory();
    await writeFile(dir.join("file"), "ours");
    await link(dir.join("file"), dir.join("second"));
    const files = new LaneFiles(dir.path);
    files.name(0, "file", identityOf(await lstat(dir.join("file"), { bigint: true })));
    await expect(files.write(0, Buffer.from("ha"), 0)).rejects.toMatchObject({ code: "forbidden-path" });
    await files.close();
    expect(await readFile(dir.join("second"), "utf8")).toBe("ours");
  });
});

import { constants } from "node:fs";
import { mkdir, readFile, rename, symlink, writeFile } from "node:fs/promises";
import { temporaryDirectory } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { directAccess, pooledAccess } from "../../src/storage/index.ts";

describe.each([
  ["by the pool of threads", pooledAccess],
  ["by the own thread", directAccess],
])("access to files %s", (_, access) => {
  it("reads, writes and flushes at positions, and tells of a file as it is then", async () => {
    await using dir = await temporaryDirectory();
    await writeFile(dir.join("file"), "0123456789");
    const file = await access.open(dir.join("file"), constants.O_RDWR);
    const before = await file.stat();
    expect([before.isFile(), before.size]).toEqual([true, 10n]);
    const into = Buffer.alloc(4);
    expect(await file.read(into, 3)).toBe(4);
    expect(into.toString()).toBe("3456");
    expect(await file.read(into, 8)).toBe(2);
    expect(await file.read(into, 10)).toBe(0);
    expect(await file.write(Buffer.from("abc"), 9)).toBe(3);
    await file.datasync();
    file.datasyncNow();
    expect((await file.stat()).size).toBe(12n);
    await file.close();
    expect(await readFile(dir.join("file"), "utf8")).toBe("012345678abc");
  });

  it.skipIf(process.platform === "win32")(
    "asks the system to flush: it refuses what is on no disk",
    async () => {
      const file = await access.open("/dev/null", constants.O_RDWR);
      await expect(file.datasync()).rejects.toMatchObject({ code: "EINVAL" });
      expect(() => file.datasyncNow()).toThrow("EINVAL");
      await file.close();
    },
  );

  it.skipIf(process.platform !== "linux")(
    "asks the system where a file is, whatever it was opened by",
    async () => {
      await using dir = await temporaryDirectory();
      await mkdir(dir.join("directory"));
      await writeFile(dir.join("directory/file"), "");
      await symlink(dir.join("directory"), dir.join("link"));
      const file = await access.open(dir.join("link/file"), constants.O_RDONLY);
      expect(await file.whereabouts()).toBe(`${await access.realpath(dir.join("directory"))}/file`);
      await rename(dir.join("directory/file"), dir.join("moved"));
      expect(await file.whereabouts()).toBe(`${await access.realpath(dir.path)}/moved`);
      await file.close();
    },
  );

  it.skipIf(process.platform !== "linux")(
    "finds what is in an open directory, whatever took its place",
    async () => {
      await using dir = await temporaryDirectory();
      await mkdir(dir.join("directory"));
      await writeFile(dir.join("directory/file"), "in it");
      const directory = await access.open(dir.join("directory"), constants.O_RDONLY | constants.O_DIRECTORY);
      await rename(dir.join("directory"), dir.join("moved"));
      await mkdir(dir.join("directory"));
      expect((await access.lstat(directory.pathOf("file"))).size).toBe(5);
      await directory.close();
    },
  );

  it("looks at a link itself, and finds where it leads", async () => {
    await using dir = await temporaryDirectory();
    await mkdir(dir.join("directory"));
    await symlink(dir.join("directory"), dir.join("link"));
    expect((await access.lstat(dir.join("link"))).isSymbolicLink()).toBe(true);
    expect(await access.realpath(dir.join("link"))).toBe(await access.realpath(dir.join("directory")));
  });

  it("says what the system says", async () => {
    await using dir = await temporaryDirectory();
    await symlink(dir.join("gone"), dir.join("link"));
    const look = async (path: string): Promise<unknown> => access.lstat(path);
    const lead = async (path: string): Promise<unknown> => access.realpath(path);
    const open = async (path: string): Promise<unknown> =>
      access.open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    await expect(look(dir.join("gone"))).rejects.toMatchObject({ code: "ENOENT" });
    await expect(lead(dir.join("link"))).rejects.toMatchObject({ code: "ENOENT" });
    await expect(open(dir.join("link"))).rejects.toMatchObject({ code: "ELOOP" });
  });
});

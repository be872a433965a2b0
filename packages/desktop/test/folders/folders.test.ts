import { execFile, execFileSync } from "node:child_process";
import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { promisify } from "node:util";
import { smallDisk, smallDiskUnavailable, temporaryDirectory } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { MOST_FOLDERS } from "../../shell/folders/constants.ts";
import { listFolder } from "../../shell/folders/list-folder.ts";
import { makeFolder } from "../../shell/folders/make-folder.ts";

describe("the folders in a folder", () => {
  it("are its directories and the links to some: no files, no devices, nothing that leads nowhere", async () => {
    await using dir = await temporaryDirectory();
    for (const name of ["games 10", "games 9", ".hidden"]) await mkdir(dir.join(name));
    await writeFile(dir.join("file"), "");
    await symlink("games 9", dir.join("link"));
    await symlink("file", dir.join("link-to-file"));
    await symlink("nowhere", dir.join("link-to-nothing"));
    await symlink("loop", dir.join("loop"));
    if (process.platform !== "win32") await promisify(execFile)("mkfifo", [dir.join("pipe")]);
    const listing = await listFolder(dir.path);
    expect(listing.entries).toEqual([
      { name: ".hidden", isHidden: true, isLink: false, problem: null },
      { name: "games 9", isHidden: false, isLink: false, problem: null },
      { name: "games 10", isHidden: false, isLink: false, problem: null },
      { name: "link", isHidden: false, isLink: true, problem: null },
    ]);
    expect(listing).toMatchObject({ path: dir.path, isCut: false, problem: null });
    expect(listing.freeBytes).toBeGreaterThan(0);
  });

  it("begin at home, and the root is in no other", async () => {
    const home = await listFolder(null);
    expect(home.path).toBe(homedir());
    expect(home.places[0]).toMatchObject({ kind: "home", path: homedir() });
    const root = home.places.find(({ kind }) => kind !== "home");
    expect((await listFolder(root?.path ?? "")).parent).toBeNull();
  });

  it("are cut where there are thousands", async () => {
    await using dir = await temporaryDirectory();
    const names = Array.from({ length: MOST_FOLDERS + 5 }, (_, n) => dir.join(`n${n}`));
    for (let at = 0; at < names.length; at += 200) {
      await Promise.all(names.slice(at, at + 200).map((name) => mkdir(name)));
    }
    const { entries, isCut } = await listFolder(dir.path);
    expect([entries.length, isCut]).toEqual([MOST_FOLDERS, true]);
  });

  it.each([
    ["that is a file", "not-a-directory", async (path: string) => await writeFile(path, "")],
    [
      "that is a link to a file",
      "not-a-directory",
      async (path: string) => await symlink("/etc/hostname", path),
    ],
    ["that is a device", "not-a-directory", async (path: string) => await symlink("/dev/null", path)],
    ["that is a link to itself", "not-a-directory", async (path: string) => await symlink(path, path)],
    ["that is gone", "no-such-directory", async () => {}],
  ])("%s are none", async (_, code, make) => {
    await using dir = await temporaryDirectory();
    await make(dir.join("x"));
    await expect(listFolder(dir.join("x"))).rejects.toMatchObject({
      code,
      message: expect.stringContaining(dir.join("x")),
    });
  });

  it.each(["games", "../etc", "/etc/../root", "/etc/\0", "", `/${"x".repeat(5_000)}`])(
    "at %j are not looked at",
    async (path) => {
      await expect(listFolder(path)).rejects.toMatchObject({ code: "bad-request" });
    },
  );

  it.skipIf(process.platform !== "linux" || smallDiskUnavailable() !== undefined)(
    `say where nothing can be put into them, and how much room is there (Linux) ${smallDiskUnavailable() ?? ""}`,
    async () => {
      await using disk = await smallDisk(1024 ** 2);
      await mkdir(disk.join("inside"));
      expect((await listFolder(disk.path)).freeBytes).toBeLessThanOrEqual(1024 ** 2);
      execFileSync("mount", ["-o", "remount,ro", disk.path]);
      const { problem, entries } = await listFolder(disk.path);
      execFileSync("mount", ["-o", "remount,rw", disk.path]);
      expect([problem, entries]).toMatchObject(["read-only", [{ name: "inside", problem: "read-only" }]]);
    },
  );

  it.skipIf(process.platform === "win32")("say which of them may not be read", async () => {
    await using dir = await temporaryDirectory();
    await mkdir(dir.join("closed"), { mode: 0 });
    // Also for its owner, where nobody is root here.
    await chmod(dir.path, 0o555);
    // Permissions stop nobody who is root.
    const program = new URL("list-as-nobody.ts", import.meta.url).pathname;
    const user = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
    const options = { ...user, encoding: "utf8" } as const;
    const listed = execFileSync(process.execPath, ["--conditions=source", program, dir.path], options);
    await chmod(dir.path, 0o755);
    expect(JSON.parse(listed)).toMatchObject({
      listing: { problem: "read-only", entries: [{ name: "closed", problem: "unreadable" }] },
      closed: { code: "no-permission" },
    });
  });
});

describe("a new folder", () => {
  it("is made where it was asked for", async () => {
    await using dir = await temporaryDirectory();
    expect(await makeFolder(dir.path, "Spiele")).toBe(dir.join("Spiele"));
    expect((await listFolder(dir.path)).entries).toMatchObject([{ name: "Spiele" }]);
  });

  it.each(["", "..", "a/b", "../a", "a\0", "con"])("is not called %j", async (name) => {
    await using dir = await temporaryDirectory();
    await expect(makeFolder(dir.path, name)).rejects.toMatchObject({ code: "bad-request" });
    expect((await listFolder(dir.path)).entries).toEqual([]);
  });

  it("is not made over what is there, nor in what is no folder", async () => {
    await using dir = await temporaryDirectory();
    await writeFile(dir.join("there"), "mine");
    await expect(makeFolder(dir.path, "there")).rejects.toMatchObject({ code: "already-exists" });
    await expect(makeFolder(dir.join("there"), "a")).rejects.toMatchObject({ code: "not-a-directory" });
    await expect(makeFolder(dir.join("gone"), "a")).rejects.toMatchObject({ code: "no-such-directory" });
  });
});

import { execFile } from "node:child_process";
import { chmod, mkdir, readdir, stat, symlink, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { temporaryDirectory } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { makeDirectories, openStateDir } from "../../src/storage/index.ts";
import { asNobody } from "./as-nobody.ts";

const run = promisify(execFile);
const canMount = process.platform === "linux" && process.getuid?.() === 0;

describe("makeDirectories", () => {
  it.skipIf(process.platform === "win32")(
    "makes what is missing, with its mode, and nothing else",
    async () => {
      await using dir = await temporaryDirectory();
      await mkdir(dir.join("there"), { mode: 0o755 });
      await makeDirectories(dir.join("there", "a", "b"), 0o700);
      await makeDirectories(dir.join("there", "a", "b"), 0o755);
      expect((await stat(dir.join("there", "a"))).mode & 0o777).toBe(0o700);
      expect((await stat(dir.join("there", "a", "b"))).mode & 0o777).toBe(0o700);
      expect((await stat(dir.join("there"))).mode & 0o777).toBe(0o755);
      expect(await readdir(dir.join("there", "a", "b"))).toEqual([]);
    },
  );

  it("takes a link to a directory, and the root, for what they are", async () => {
    await using dir = await temporaryDirectory();
    await mkdir(dir.join("real"));
    await symlink(dir.join("real"), dir.join("link"), "dir");
    await makeDirectories(dir.join("link", "below"));
    expect(await readdir(dir.join("real"))).toEqual(["below"]);
    await makeDirectories("/");
  });

  it("names what is in the way", async () => {
    await using dir = await temporaryDirectory();
    await writeFile(dir.join("file"), "");
    await symlink(dir.join("nowhere"), dir.join("dangling"), "dir");
    for (const [path, named] of [
      [dir.join("file"), dir.join("file")],
      [dir.join("file", "below", "it"), dir.join("file", "below")],
      [dir.join("dangling"), dir.join("dangling")],
    ] as const) {
      await expect(makeDirectories(path), path).rejects.toMatchObject({
        code: "not-a-directory",
        message: expect.stringContaining(named),
      });
    }
  });

  it.skipIf(process.platform === "win32")("says where this user may make none", async () => {
    await using dir = await temporaryDirectory();
    await chmod(dir.path, 0o555);
    await expect(asNobody(() => makeDirectories(dir.join("a", "b")))).rejects.toMatchObject({
      code: "no-permission",
      message: expect.stringContaining(dir.join("a")),
    });
  });
});

describe.skipIf(process.platform !== "linux")("where no directory can be made (skipped but on Linux)", () => {
  it("comes to an end below /proc, and says so", async () => {
    await expect(openStateDir("/proc/lanspread/state")).rejects.toMatchObject({
      code: "no-permission",
      message: expect.stringContaining("/proc/lanspread: "),
      hint: expect.stringContaining("another directory"),
    });
  });
});

describe.skipIf(!canMount)(
  "on a read-only file system (skipped without Linux and root: mounts a small file system)",
  () => {
    it("says that it is read-only", async () => {
      await using dir = await temporaryDirectory();
      await run("mount", ["-t", "tmpfs", "-o", "size=64k,ro", "lanspread-test", dir.path]);
      try {
        for (const path of [dir.join("state"), dir.join("a", "b", "state")]) {
          await expect(openStateDir(path), path).rejects.toMatchObject({
            code: "no-permission",
            message: expect.stringContaining("read-only"),
            hint: expect.stringContaining("Mount it for writing"),
          });
        }
      } finally {
        await run("umount", [dir.path]);
      }
    });
  },
);

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { eventually, temporaryDirectory } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { temporaryNameOf, writeFileDurably } from "../../src/storage/index.ts";
import { contentOf, observeFlushes } from "./observed-flushes.ts";

describe("writeFileDurably", () => {
  it("makes a file with the mode that is asked for, and leaves nothing else behind", async () => {
    await using dir = await temporaryDirectory();
    await writeFileDurably(dir.join("secret"), "one", { mode: 0o600 });
    expect(await readFile(dir.join("secret"), "utf8")).toBe("one");
    expect((await stat(dir.join("secret"))).mode & 0o777).toBe(0o600);
    expect(await readdir(dir.path)).toEqual(["secret"]);
  });

  it("flushes the new content before the rename, and the directory behind it", async () => {
    await using dir = await temporaryDirectory();
    const file = dir.join("file");
    await writeFile(file, "old");
    const flushes = await observeFlushes(
      () => writeFileDurably(file, "new"),
      async () => ({ file: await contentOf(file), temporary: await contentOf(temporaryNameOf(file)) }),
    );
    expect(flushes).toEqual([
      { directory: false, inode: (await stat(file)).ino, seen: { file: "old", temporary: "new" } },
      { directory: true, inode: (await stat(dir.path)).ino, seen: { file: "new", temporary: null } },
    ]);
  });

  it("lets the last of several writes of one path win", async () => {
    await using dir = await temporaryDirectory();
    const writes = Array.from({ length: 20 }, (_, index) =>
      writeFileDurably(dir.join("file"), `write ${index}`),
    );
    await Promise.all(writes);
    expect(await readFile(dir.join("file"), "utf8")).toBe("write 19");
    expect(await readdir(dir.path)).toEqual(["file"]);
  });

  it("goes on after a write that failed", async () => {
    await using dir = await temporaryDirectory();
    await mkdir(dir.join("file", "child"), { recursive: true });
    const failing = writeFileDurably(dir.join("file"), "never");
    const other = writeFileDurably(dir.join("other"), "written");
    await expect(failing).rejects.toMatchObject({
      name: "PeerError",
      message: expect.stringContaining("file"),
    });
    await other;
    expect((await readdir(dir.path)).sort()).toEqual(["file", "other"]);
  });

  it("writes through no link that lies at the temporary name", async () => {
    await using dir = await temporaryDirectory();
    await writeFile(dir.join("precious"), "the user's");
    await symlink(dir.join("precious"), temporaryNameOf(dir.join("file")));
    await writeFileDurably(dir.join("file"), "ours");
    expect(await readFile(dir.join("precious"), "utf8")).toBe("the user's");
    expect(await readFile(dir.join("file"), "utf8")).toBe("ours");
  });

  it("names the file when its directory is missing", async () => {
    await using dir = await temporaryDirectory();
    await expect(writeFileDurably(dir.join("no", "file"), "")).rejects.toMatchObject({
      code: "no-such-file",
      message: expect.stringContaining(dir.join("no", "file")),
    });
  });

  it("holds the old content or the new one, whole, when the process is killed in the middle", async () => {
    await using dir = await temporaryDirectory();
    const file = dir.join("file");
    const module = new URL("../../src/storage/write-file-durably.ts", import.meta.url).href;
    const size = 512 * 1024;
    const script = `
      const { writeFileDurably } = await import(${JSON.stringify(module)});
      for (let n = 0; ; n += 1) await writeFileDurably(${JSON.stringify(file)}, String(n % 10).repeat(${size}));
    `;
    const seen = new Set<string>();
    for (let round = 0; round < 6; round += 1) {
      const child = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: "ignore" });
      const before = (await stat(file).catch(() => null))?.mtimeMs ?? 0;
      await eventually(async () => ((await stat(file).catch(() => null))?.mtimeMs ?? 0) > before);
      // The kill falls wherever the child happens to be: it never stops writing.
      child.kill("SIGKILL");
      await once(child, "exit");
      const content = await readFile(file, "utf8");
      expect(content).toBe(content.slice(0, 1).repeat(size));
      seen.add((await readdir(dir.path)).sort().join());
    }
    // What a killed write leaves behind is its one temporary file; the next write takes it away.
    for (const names of seen) expect([".file.tmp,file", "file"]).toContain(names);
    await writeFileDurably(file, "end");
    expect(await readdir(dir.path)).toEqual(["file"]);
  });
});

import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { temporaryDirectory } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { writeFileDurably } from "../../src/storage/index.ts";

const run = promisify(execFile);
const canMount = process.platform === "linux" && process.getuid?.() === 0;

describe.skipIf(!canMount)(
  "on a full disk (skipped without Linux and root: mounts a small file system)",
  () => {
    it("keeps the old content, says disk-full, and works again when there is space", async () => {
      await using dir = await temporaryDirectory();
      await run("mount", ["-t", "tmpfs", "-o", "size=64k", "lanspread-test", dir.path]);
      try {
        const file = dir.join("file");
        await writeFileDurably(file, "old");
        await expect(writeFileDurably(file, "x".repeat(128 * 1024))).rejects.toMatchObject({
          code: "disk-full",
          retryable: true,
          message: expect.stringContaining(file),
        });
        expect(await readFile(file, "utf8")).toBe("old");
        expect(await readdir(dir.path)).toEqual(["file"]);
        await writeFileDurably(file, "new");
        expect(await readFile(file, "utf8")).toBe("new");
      } finally {
        await run("umount", [dir.path]);
      }
    });
  },
);

import { execFile } from "node:child_process";
import { mkdir, symlink, utimes } from "node:fs/promises";
import { promisify } from "node:util";
import { temporaryDirectory } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { listDirectory } from "../../src/library/list-directory.ts";
import { lookOf } from "../../src/library/look.ts";
import type { RootSight } from "../../src/library/look-messages.ts";
import { createLooker, type Looker } from "../../src/library/looker.ts";
import { writeFiles } from "./support.ts";

const run = promisify(execFile);

async function see(looker: Looker, root: string): Promise<RootSight> {
  const reply = await looker.look({ root, entryFile: null });
  if (reply.status !== "seen") throw new Error(`${root}: ${reply.status}`);
  return reply;
}

describe("looking at roots", () => {
  it("answers each with what is there, however many are asked for at once", async () => {
    await using dir = await temporaryDirectory();
    const names = Array.from({ length: 100 }, (_, n) => `g${n}`);
    for (const name of names) {
      await writeFiles(dir.join(name), { "version.ini": `${name.slice(1)}`, "b.eti": "", "a.ETI": name });
    }
    await mkdir(dir.join("g7", "local"));
    await symlink(dir.join("g1"), dir.join("link"));
    await writeFiles(dir.path, { file: "", "entry.json": "{}" });
    const looker = createLooker();
    try {
      const sights = await Promise.all(names.map((name) => see(looker, dir.join(name))));
      for (const [n, sight] of sights.entries()) {
        expect(sight.sentinel).toMatchObject({ status: "read", text: String(n) });
        expect(sight.archives.map(([name, size]) => [name, size])).toEqual([
          ["a.ETI", String(`g${n}`.length)],
          ["b.eti", "0"],
        ]);
        expect(sight.local).toBe(n === 7 ? "directory" : "missing");
        expect(lookOf(dir.join(`g${n}`), sight).sentinel).toMatchObject({ version: String(n) });
      }
      for (const name of ["link", "file", "missing", "file/below"]) {
        expect(await looker.look({ root: dir.join(name), entryFile: null })).toEqual({ status: "no-root" });
      }
      const [root, entryFile] = [dir.join("g1"), dir.join("entry.json")];
      expect(await looker.look({ root, entryFile })).toMatchObject({ entryText: "{}" });
      for (const absent of ["missing", "g1"]) {
        const reply = await looker.look({ root, entryFile: dir.join(absent) });
        expect(reply).toMatchObject({ status: "seen", entryText: null });
      }
    } finally {
      await looker.close();
    }
  });

  it("lists a directory: every kind of entry, with size and time of files, as it is listed without the thread", async () => {
    await using dir = await temporaryDirectory();
    await writeFiles(dir.path, { "a.txt": "abc", "b/below": "", "\u00e4": "" });
    await symlink(dir.join("a.txt"), dir.join("link"));
    await utimes(dir.join("a.txt"), 1, 1.5);
    const looker = createLooker();
    try {
      const reply = await looker.look({ directory: dir.path });
      if (reply.status !== "listed") throw new Error(reply.status);
      expect(reply.entries.toSorted()).toEqual([
        ["a.txt", "file", 3, "1500000000"],
        ["b", "directory"],
        ["link", "link"],
        ["\u00e4", "file", 0, expect.any(String)],
      ]);
      expect(reply.entries).toEqual(await listDirectory(dir.path));
      expect(await looker.look({ directory: dir.join("missing") })).toEqual({
        status: "failed",
        code: "no-such-directory",
        message: expect.stringContaining(dir.join("missing")),
      });
    } finally {
      await looker.close();
    }
  });

  it("names what it cannot look at, and why", async () => {
    await using dir = await temporaryDirectory();
    const looker = createLooker();
    try {
      const root = dir.join("x".repeat(300));
      const reply = await looker.look({ root, entryFile: null });
      expect(reply).toMatchObject({ status: "failed", code: "path-too-long" });
      expect(reply.status === "failed" && reply.message).toContain(root);
    } finally {
      await looker.close();
    }
  });

  it("rejects what is under way when it is closed, and everything afterwards", async () => {
    await using dir = await temporaryDirectory();
    const looker = createLooker();
    const looks = Array.from({ length: 50 }, () => looker.look({ root: dir.path, entryFile: null }));
    const ended = Promise.allSettled(looks);
    await looker.close();
    for (const outcome of await ended) {
      expect(outcome).toMatchObject({ status: "rejected", reason: { code: "cancelled" } });
    }
    await expect(looker.look({ root: dir.path, entryFile: null })).rejects.toMatchObject({
      code: "cancelled",
    });
    await looker.close();
  });

  it("works in a process that ends by itself, although the thread is there", async () => {
    await using dir = await temporaryDirectory();
    await writeFiles(dir.path, { "version.ini": "7" });
    const module = new URL("../../src/library/looker.ts", import.meta.url).href;
    const script = `
      import { createLooker } from ${JSON.stringify(module)};
      const reply = await createLooker().look({ root: ${JSON.stringify(dir.path)}, entryFile: null });
      console.log(reply.sentinel.text);`;
    const args = ["--conditions=source", "--input-type=module", "-e", script];
    expect((await run(process.execPath, args)).stdout).toBe("7\n");
  });
});

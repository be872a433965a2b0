import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { smallDisk, smallDiskUnavailable } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { removeGame } from "../../src/install/index.ts";
import { createLogger, type LogEntry } from "../../src/logger.ts";
import { openStateDir } from "../../src/storage/index.ts";
import { failure } from "./installing.ts";
import { createRig, GGOO, namesIn, writeFiles } from "./support.ts";

const run = promisify(execFile);
const noDisk = smallDiskUnavailable();

describe.skipIf(noDisk !== undefined)(
  `removing, with other disks${noDisk === undefined ? "" : ` (skipped: ${noDisk})`}`,
  () => {
    it("works on a disk that is completely full, though nothing can be written down", async () => {
      await using disk = await smallDisk(1024 * 1024);
      const gamesDir = disk.join("games");
      const stateDir = await openStateDir(disk.join("state"));
      await mkdir(stateDir.gameDir(GGOO));
      await writeFiles(join(gamesDir, GGOO), { "version.ini": "1", "ggoo.eti": "x".repeat(10_000) });
      await expect(writeFile(disk.join("filler"), new Uint8Array(2 * 1024 * 1024))).rejects.toMatchObject({
        code: "ENOSPC",
      });
      const log: LogEntry[] = [];
      const logger = createLogger({ level: "warn", sink: (entry) => log.push(entry) });
      expect(await removeGame({ gameId: GGOO, gamesDir, stateDir, logger })).toEqual({
        files: 1,
        bytes: 10_000,
        left: 0,
      });
      expect(log.map(({ message }) => message)).toEqual([
        "the disk is full: the removal begins without a record of it",
      ]);
      expect(await namesIn(gamesDir)).toEqual([]);
      expect(await namesIn(stateDir.gameDir(GGOO))).toEqual([]);
    });

    it("leaves an empty folder where the game has a disk of its own, and is over", async () => {
      await using rig = await createRig({});
      const { root, gamesDir, stateDir, logger } = rig;
      await run("mount", ["-t", "tmpfs", "-o", "size=64k", "lanspread-test", root]);
      try {
        await writeFiles(root, { "version.ini": "1", "maps/a": "x" });
        expect(await removeGame({ gameId: GGOO, gamesDir, stateDir, logger })).toMatchObject({ left: 0 });
        expect(await namesIn(root)).toEqual([]);
        expect(await namesIn(stateDir.gameDir(GGOO))).toEqual([]);
        expect(rig.log.filter(({ level }) => level === "warn")).toEqual([]);
      } finally {
        await run("umount", [root]);
      }
    });

    it("is refused where another one is mounted inside the game", async () => {
      await using rig = await createRig({ "version.ini": "1", "a.eti": "x" });
      const { gamesDir, stateDir } = rig;
      const inside = join(rig.root, "extras", "disk");
      await mkdir(inside, { recursive: true });
      await run("mount", ["-t", "tmpfs", "-o", "size=64k", "lanspread-test", inside]);
      try {
        await writeFiles(inside, { precious: "the user's" });
        const error = await failure(rig, () => removeGame({ gameId: GGOO, gamesDir, stateDir }));
        expect(error).toMatchObject({
          code: "forbidden-path",
          message: expect.stringContaining(inside),
          hint: expect.stringContaining("Unmount"),
        });
        expect(await readFile(join(inside, "precious"), "utf8")).toBe("the user's");
      } finally {
        await run("umount", [inside]);
      }
    });

    it("is refused where a folder from elsewhere on the same disk is bound inside the game", async () => {
      await using rig = await createRig({ "version.ini": "1", "a.eti": "x" });
      const { gamesDir, stateDir, logger } = rig;
      const outside = rig.place.join("outside");
      await writeFiles(outside, { precious: "the user's" });
      // The table of mounts writes the space in its own way.
      const inside = join(rig.root, "extras", "my saves");
      await mkdir(inside, { recursive: true });
      await run("mount", ["--bind", outside, inside]);
      try {
        const error = await failure(rig, () => removeGame({ gameId: GGOO, gamesDir, stateDir }));
        expect(error).toMatchObject({ code: "forbidden-path", message: expect.stringContaining(inside) });
        expect(await readFile(join(outside, "precious"), "utf8")).toBe("the user's");
      } finally {
        await run("umount", [inside]);
      }
      // What is at the name of another program is kept, and so no reason to refuse.
      const sync = join(rig.root, ".sync");
      await mkdir(sync);
      await run("mount", ["--bind", outside, sync]);
      try {
        expect(await removeGame({ gameId: GGOO, gamesDir, stateDir, logger })).toMatchObject({ left: 0 });
        expect(await namesIn(rig.root)).toEqual([".sync"]);
        expect(await readFile(join(outside, "precious"), "utf8")).toBe("the user's");
      } finally {
        await run("umount", [sync]);
      }
    });
  },
);

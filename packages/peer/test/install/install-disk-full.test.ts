import { mkdir, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { seededBytes, smallDisk, smallDiskUnavailable, writeRar5 } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import type { InstallStep } from "../../src/install/index.ts";
import { failure, GAME, install } from "./installing.ts";
import { createRig, tree, writeFiles } from "./support.ts";

const noDisk = smallDiskUnavailable();

describe.skipIf(noDisk !== undefined)(
  `a small disk${noDisk === undefined ? "" : ` (skipped: ${noDisk})`}`,
  () => {
    const MIB = 1024 * 1024;

    it("is noticed before anything is written, with both numbers; with room it is installed", async () => {
      await using rig = await createRig();
      await using disk = await smallDisk(4 * MIB);
      const root = disk.join("ggoo");
      await mkdir(root);
      await writeFiles(root, {
        "version.ini": "1",
        "in-the-way": seededBytes(1, 2 * MIB),
      });
      await writeRar5(join(root, "a.eti"), GAME);
      await writeRar5(join(root, "b.eti"), [{ name: "z", content: { zeros: 2 * MIB } }]);
      const before = await tree(disk.path);
      const { code, message } = await failure(rig, () => install(rig, { root }));
      expect(code).toBe("disk-full");
      expect(message).toMatch(new RegExp(`needs ${1_000_008 + 2 * MIB} bytes, [0-9]+ bytes are free`, "u"));
      expect(await tree(disk.path)).toEqual(before);
      await truncate(join(root, "b.eti"), 0);
      await writeRar5(join(root, "b.eti"), [{ name: "z", content: "small" }]);
      expect(await install(rig, { root })).toMatchObject({ files: 3 });
    });

    it("that fills up meanwhile names the file, and nothing is left", async () => {
      await using rig = await createRig();
      await using disk = await smallDisk(4 * MIB);
      const root = disk.join("ggoo");
      await mkdir(root);
      await writeFiles(root, { "version.ini": "1" });
      await writeRar5(join(root, "a.eti"), GAME);
      const before = await tree(root);
      const onStep = async (step: InstallStep, moment: string): Promise<void> => {
        if (step === "fill-staging" && moment === "before") {
          await writeFile(disk.join("somebody-else"), seededBytes(1, 2.5 * MIB));
        }
      };
      const { code, message } = await failure(rig, () => install(rig, { root, onStep }));
      expect([code, message]).toEqual([
        "disk-full",
        `${join(root, ".local.installing/data/level.bin")}: the disk is full`,
      ]);
      expect(await tree(root)).toEqual(before);
    });

    it("is noticed before files are copied that cannot share their blocks", async () => {
      await using rig = await createRig();
      await using disk = await smallDisk(4 * MIB);
      const root = disk.join("ggoo");
      await mkdir(root);
      await writeFiles(root, {
        "version.ini": "1",
        "a.bin": seededBytes(1, 1.5 * MIB),
        "b.bin": seededBytes(2, MIB),
      });
      const before = await tree(root);
      const { code, message } = await failure(rig, () => install(rig, { root }));
      expect([code, message]).toEqual(["disk-full", expect.stringContaining(`needs ${2.5 * MIB} bytes`)]);
      expect(await tree(root)).toEqual(before);
    });
  },
);

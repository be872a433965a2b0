import { mkdir, readdir, rm, truncate } from "node:fs/promises";
import { join } from "node:path";
import { seededBytes, smallDisk, smallDiskUnavailable, writeRar5 } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import type { InstallStep } from "../../src/install/index.ts";
import { openStateDir } from "../../src/storage/index.ts";
import { at, fill, free, freeOn } from "./full-disk.ts";
import { createGame, failure, GAME, install, uninstall } from "./installing.ts";
import { createRig, GGOO, tree, writeFiles } from "./support.ts";

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

    it("that fills up while archives are unpacked leaves nothing, says what is needed, and is enough when freed", async () => {
      await using rig = await createRig();
      await using disk = await smallDisk(4 * MIB);
      const root = disk.join("ggoo");
      await mkdir(root);
      await writeFiles(root, { "version.ini": "1" });
      await writeRar5(join(root, "a.eti"), GAME);
      const before = await tree(root);
      const onStep = at<InstallStep>("fill-staging", () => fill(disk, 0.5 * MIB));
      const { code, message } = await failure(rig, () => install(rig, { root, onStep }));
      expect(code).toBe("disk-full");
      expect(message).toBe(
        `${join(root, ".local.installing/data/level.bin")}: the disk is full: ` +
          `installing needs 1000008 bytes, ${freeOn(disk)} bytes are free now`,
      );
      expect(await tree(root)).toEqual(before);
      await free(disk);
      expect(await install(rig, { root })).toMatchObject({ files: 2 });
    });

    it("that fills up while files are copied leaves nothing either", async () => {
      await using rig = await createRig();
      await using disk = await smallDisk(4 * MIB);
      const root = disk.join("ggoo");
      await mkdir(root);
      await writeFiles(root, { "version.ini": "1", "a.bin": "small", "b.bin": seededBytes(2, MIB) });
      const before = await tree(root);
      let filled = false;
      const { code, message } = await failure(rig, () =>
        install(rig, {
          root,
          onProgress: ({ phase, doneBytes }) => {
            if (filled || phase !== "copying" || doneBytes === 0) return;
            filled = true;
            fill(disk, 0.5 * MIB);
          },
        }),
      );
      expect(code).toBe("disk-full");
      expect(message).toContain(join(root, ".local.installing/b.bin"));
      expect(message).toContain(`installing needs ${MIB + 5} bytes, ${freeOn(disk)} bytes are free now`);
      expect(await tree(root)).toEqual(before);
      await free(disk);
      expect(await install(rig, { root })).toMatchObject({ files: 2, bytes: MIB + 5 });
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

    it.each(["record-staging", "record-promotion", "write-list"] as const)(
      "of the state directory that is full at %s: nothing is installed, and everything when it is freed",
      async (step) => {
        await using rig = await createGame({ "a.eti": GAME });
        await using disk = await smallDisk(MIB);
        const stateDir = await openStateDir(disk.join("state"));
        const before = [await tree(rig.root), await tree(disk.path)];
        const onStep = at<InstallStep>(step, () => fill(disk, 0));
        const { code, message } = await failure(rig, () => install(rig, { stateDir, onStep }));
        expect(code).toBe("disk-full");
        const file = step === "write-list" ? "installed.json" : "install_intent.json";
        expect(message).toBe(
          `${join(stateDir.gameDir(GGOO), file)}: the disk is full: ${freeOn(disk)} bytes are free now`,
        );
        await free(disk);
        await rm(stateDir.gameDir(GGOO), { recursive: true, force: true });
        expect([await tree(rig.root), await tree(disk.path)]).toEqual(before);
        await install(rig, { stateDir });
        expect(await readdir(join(rig.root, "local"))).toEqual(["data", "game.exe", "saves"]);
      },
    );

    it("of the state directory that is full keeps an uninstall from beginning", async () => {
      await using rig = await createGame({ "a.eti": GAME });
      await using disk = await smallDisk(MIB);
      const stateDir = await openStateDir(disk.join("state"));
      await install(rig, { stateDir });
      const before = await tree(rig.root);
      fill(disk, 0);
      const { code, message } = await failure(rig, () => uninstall({ ...rig, stateDir }));
      expect([code, message]).toEqual(["disk-full", expect.stringContaining(disk.path)]);
      expect(await tree(rig.root)).toEqual(before);
      await free(disk);
      await uninstall({ ...rig, stateDir });
      expect(await readdir(rig.root)).not.toContain("local");
    });
  },
);

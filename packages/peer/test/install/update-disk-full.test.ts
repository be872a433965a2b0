import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type SmallDisk, smallDisk, smallDiskUnavailable, writeRar5 } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import type { UpdateStep } from "../../src/install/index.ts";
import { openStateDir } from "../../src/storage/index.ts";
import { at, fill, free, freeOn } from "./full-disk.ts";
import { failure, install } from "./installing.ts";
import { createRig, GGOO, type Rig, tree, writeFiles } from "./support.ts";
import { download, NEW, OLD, USERS, update } from "./updating.ts";

const MIB = 1024 * 1024;
const NEEDED = 300_000 + 200_000 + "the new game".length + "sound=off".length;
const noDisk = smallDiskUnavailable();

/** A game that was installed and played on a small disk, with a newer version downloaded. */
async function playedOn(disk: SmallDisk, rig: Rig): Promise<Rig> {
  const small = { ...rig, gamesDir: disk.path, root: disk.join("ggoo") };
  await mkdir(small.root);
  await writeFiles(small.root, { "version.ini": "2018.04.12\n" });
  await writeRar5(join(small.root, "a.eti"), OLD);
  await install(small);
  await writeFiles(join(small.root, "local"), USERS);
  await download(small, NEW);
  return small;
}

async function expectUpdated(rig: Rig): Promise<void> {
  await update(rig);
  const local = await tree(join(rig.root, "local"));
  expect(Object.keys(local)).toContain("data/level2.bin");
  expect(Object.keys(local)).toContain("saves/slot1.sav");
}

describe.skipIf(noDisk !== undefined)(
  `an update on a small disk${noDisk === undefined ? "" : ` (skipped: ${noDisk})`}`,
  () => {
    it("is not begun without room for the new version beside the old one", async () => {
      await using place = await createRig();
      await using disk = await smallDisk(4 * MIB);
      const rig = await playedOn(disk, place);
      fill(disk, 0.25 * MIB);
      const before = await tree(rig.root);
      const { code, message } = await failure(place, () => update(rig));
      expect([code, message]).toEqual([
        "disk-full",
        `${rig.root}: installing needs ${NEEDED} bytes, ${freeOn(disk)} bytes are free on this disk`,
      ]);
      expect(await tree(rig.root)).toEqual(before);
      await free(disk);
      await expectUpdated(rig);
    });

    it.each(["fill-staging", "mark-staging", "mark-backup"] as const satisfies UpdateStep[])(
      "that fills up at %s brings the old install back, and is enough when freed",
      async (step) => {
        await using place = await createRig();
        await using disk = await smallDisk(4 * MIB);
        const rig = await playedOn(disk, place);
        const before = await tree(rig.root);
        const onStep = at<UpdateStep>(step, () => fill(disk, 0));
        const { code, message } = await failure(place, () => update(rig, { onStep }));
        expect(code).toBe("disk-full");
        expect(message).toContain(
          `the disk is full: installing needs ${NEEDED} bytes, ${freeOn(disk)} bytes are free now`,
        );
        expect(await tree(rig.root)).toEqual(before);
        await free(disk);
        await expectUpdated(rig);
      },
    );

    it.each(["record-setting-aside", "record-promotion", "write-list"] as const satisfies UpdateStep[])(
      "of the state directory that is full at %s brings the old install back",
      async (step) => {
        await using place = await createRig();
        await using disk = await smallDisk(MIB);
        const rig = {
          ...place,
          stateDir: await openStateDir(disk.join("state")),
        };
        await writeRar5(join(rig.root, "a.eti"), OLD);
        await install(rig);
        await writeFiles(join(rig.root, "local"), USERS);
        await download(rig, NEW);
        const before = await tree(rig.root);
        const onStep = at<UpdateStep>(step, () => fill(disk, 0));
        const { code, message } = await failure(rig, () => update(rig, { onStep }));
        expect([code, message]).toEqual(["disk-full", expect.stringContaining(rig.stateDir.gameDir(GGOO))]);
        expect(message).toContain(`the disk is full: ${freeOn(disk)} bytes are free now`);
        expect(await tree(rig.root)).toEqual(before);
        await free(disk);
        await expectUpdated(rig);
      },
    );
  },
);

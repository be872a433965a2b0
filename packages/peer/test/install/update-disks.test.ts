import { execFile } from "node:child_process";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { smallDiskUnavailable } from "@lanspread/testkit";
import { expect, it } from "vitest";
import { failure, uninstall } from "./installing.ts";
import { writeFiles } from "./support.ts";
import { createPlayed, update } from "./updating.ts";

const run = promisify(execFile);
const noDisk = smallDiskUnavailable();

it.skipIf(noDisk !== undefined)(
  `an update and an uninstall are refused where the user has mounted another disk in the game${noDisk === undefined ? "" : ` (skipped: ${noDisk})`}`,
  async () => {
    await using rig = await createPlayed();
    const inside = join(rig.root, "local", "mods");
    await mkdir(inside);
    await run("mount", ["-t", "tmpfs", "-o", "size=64k", "lanspread-test", inside]);
    try {
      await writeFiles(inside, { precious: "the user's" });
      for (const operation of [update, uninstall]) {
        expect(await failure(rig, () => operation(rig))).toMatchObject({
          code: "forbidden-path",
          message: expect.stringContaining(inside),
          hint: expect.stringContaining("Unmount"),
        });
      }
      expect(await readFile(join(inside, "precious"), "utf8")).toBe("the user's");
    } finally {
      await run("umount", [inside]);
    }
    expect(await update(rig)).toMatchObject({ carried: 2 });
  },
);

it.skipIf(noDisk !== undefined)(
  `an update and an uninstall are refused where the user has bound a folder of the same disk in the game${noDisk === undefined ? "" : ` (skipped: ${noDisk})`}`,
  async () => {
    await using rig = await createPlayed();
    const outside = rig.place.join("outside");
    await writeFiles(outside, { precious: "the user's" });
    const inside = join(rig.root, "local", "mods", "mine");
    await mkdir(inside, { recursive: true });
    await run("mount", ["--bind", outside, inside]);
    try {
      for (const operation of [update, uninstall]) {
        expect(await failure(rig, () => operation(rig))).toMatchObject({
          code: "forbidden-path",
          message: expect.stringContaining(inside),
        });
      }
      expect(await readFile(join(outside, "precious"), "utf8")).toBe("the user's");
    } finally {
      await run("umount", [inside]);
    }
  },
);

it.skipIf(noDisk !== undefined)(
  `an update and an uninstall are refused where the install has a disk of its own${noDisk === undefined ? "" : ` (skipped: ${noDisk})`}`,
  async () => {
    await using rig = await createPlayed();
    const local = join(rig.root, "local");
    await run("mount", ["--bind", local, local]);
    try {
      for (const operation of [update, uninstall]) {
        expect(await failure(rig, () => operation(rig))).toMatchObject({
          code: "forbidden-path",
          message: expect.stringContaining(local),
          hint: expect.stringContaining("Unmount"),
        });
      }
    } finally {
      await run("umount", [local]);
    }
  },
);

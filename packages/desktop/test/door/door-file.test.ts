import { statfsSync } from "node:fs";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { createLogger, type LogEntry } from "@lanspread/peer";
import { type SmallDisk, smallDisk, smallDiskUnavailable, temporaryDirectory } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { loadDoor, saveDoor } from "../../shell/door/door-file.ts";
import { createSecret } from "../../shell/door/secret.ts";
import { createRig, enter, TestPage } from "../support.ts";

const noDisk = smallDiskUnavailable();

describe("the door of the last run", () => {
  const log: LogEntry[] = [];
  const logger = createLogger({ level: "warn", sink: (entry) => log.push(entry) });
  const door = { port: 40_001, session: createSecret() };

  it("is what was kept, for its owner alone", async () => {
    await using dir = await temporaryDirectory();
    expect(await loadDoor(dir.path, logger)).toBeNull();
    await saveDoor(dir.path, door, logger);
    expect(await loadDoor(dir.path, logger)).toEqual(door);
    expect((await stat(dir.join("desktop-door.json"))).mode & 0o777).toBe(0o600);
    expect(log).toEqual([]);
  });

  it("is none where its file is damaged, which is kept aside", async () => {
    await using dir = await temporaryDirectory();
    await writeFile(dir.join("desktop-door.json"), `{"port":40001,"session":"guess"}`);
    expect(await loadDoor(dir.path, logger)).toBeNull();
    expect(log.splice(0)).toHaveLength(1);
    const [aside = ""] = await readdir(dir.path);
    expect(await readFile(dir.join(aside), "utf8")).toContain("guess");
  });

  it.skipIf(noDisk !== undefined)(
    `is none, and no earlier one, where the disk is full; the app is there all the same${noDisk === undefined ? "" : ` (skipped: ${noDisk})`}`,
    async () => {
      await using disk = await smallDisk(512 * 1024);
      await using rig = await createRig();
      const stateDir = disk.join("state");
      await (await rig.start({ stateDir }))[Symbol.asyncDispose]();
      expect(await loadDoor(stateDir, logger)).not.toBeNull();
      await fill(disk, "first");
      const desktop = await rig.start({ stateDir });
      const page = await TestPage.open(await enter(desktop.openAddress()));
      expect(await page.ask({ type: "command", command: { type: "get-peer-count" } })).toMatchObject({
        data: { count: 0 },
      });
      await fill(disk, "what the door has left");
      expect(await page.ask({ type: "change-settings", change: { language: "de" } })).toMatchObject({
        type: "refusal",
        refusal: { code: "disk-full" },
      });
      page.socket.terminate();
      expect(rig.log.map(({ message }) => message)).toContainEqual(expect.stringContaining("second start"));
      expect(await loadDoor(stateDir, logger)).toBeNull();
    },
  );
});

async function fill(disk: SmallDisk, name: string): Promise<void> {
  const { bavail, bsize } = statfsSync(disk.path);
  await writeFile(disk.join(name), new Uint8Array(bavail * bsize));
}

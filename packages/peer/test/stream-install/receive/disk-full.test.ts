import { statfsSync, writeFileSync } from "node:fs";
import { readdir, readFile, rm } from "node:fs/promises";
import { type SmallDisk, seededBytes, smallDisk, smallDiskUnavailable } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { PeerError } from "../../../src/errors/index.ts";
import { streamInstallGame } from "../../../src/stream-install/receive/index.ts";
import { createRig, GGOO, tree } from "../../install/support.ts";
import { FRAMES, LEVEL, MANIFEST } from "./game.ts";
import { memorySource } from "./memory-source.ts";
import { encodeFrames } from "./support.ts";

const MIB = 1024 * 1024;
const GAME_BYTES = LEVEL.length + 8;
const noDisk = smallDiskUnavailable();

/** Installs from two sources that have the game on a disk of its own. */
async function install(
  disk: SmallDisk,
  { onBytes = () => {} }: { readonly onBytes?: (done: number) => void } = {},
): Promise<{ error: PeerError | undefined; asked: number }> {
  await using rig = await createRig();
  let asked = 0;
  const source = memorySource(encodeFrames(FRAMES));
  const counted = {
    ...source,
    channel: {
      requestRaw: (...asking: Parameters<typeof source.channel.requestRaw>) => {
        asked += 1;
        return source.channel.requestRaw(...asking);
      },
    },
  };
  const error: unknown = await streamInstallGame({
    gameId: GGOO,
    root: disk.join(GGOO),
    stateDir: rig.stateDir,
    manifest: MANIFEST,
    digests: null,
    sources: [counted, counted],
    onProgress: ({ doneBytes }) => onBytes(doneBytes),
  }).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error === undefined) return { error, asked };
  expect(error).toBeInstanceOf(PeerError);
  const state = Object.keys(await tree(rig.stateDir.gamesDir));
  expect(state.filter((path) => !path.endsWith("/"))).toEqual([]);
  return { error: error as PeerError, asked };
}

describe.skipIf(noDisk !== undefined)(
  `a small disk${noDisk === undefined ? "" : ` (skipped: ${noDisk})`}`,
  () => {
    it("is noticed when an archive begins, with both numbers, once all sources say the same", async () => {
      await using disk = await smallDisk(2 * MIB);
      const { error, asked } = await install(disk);
      expect(error?.code).toBe("disk-full");
      expect(error?.message).toMatch(new RegExp(`needs ${GAME_BYTES} bytes, [0-9]+ bytes are free`, "u"));
      expect(asked).toBe(2);
      expect(await readdir(disk.path)).toEqual([]);
    });

    it("that fills up in the middle leaves nothing, says both numbers, and is enough when freed", async () => {
      await using disk = await smallDisk(4 * MIB);
      let filled = false;
      const { error, asked } = await install(disk, {
        onBytes: (done) => {
          if (filled || done < 100_000) return;
          filled = true;
          const { bavail, bsize } = statfsSync(disk.path);
          writeFileSync(disk.join("somebody-else"), seededBytes(1, bavail * bsize - 0.5 * MIB));
        },
      });
      const { bavail, bsize } = statfsSync(disk.path);
      expect(error?.code).toBe("disk-full");
      expect(error?.message).toContain("level.bin: the disk is full");
      expect(error?.message).toContain(`needs ${GAME_BYTES} bytes, ${bavail * bsize} bytes are free now`);
      // No other source can help that.
      expect(asked).toBe(1);
      expect(await readdir(disk.path)).toEqual(["somebody-else"]);

      await rm(disk.join("somebody-else"));
      expect((await install(disk)).error).toBeUndefined();
      expect((await readFile(disk.join(GGOO, "local/data/level.bin"))).equals(LEVEL)).toBe(true);
    });
  },
);

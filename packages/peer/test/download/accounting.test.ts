import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { SAMPLE_INTERVAL_MS } from "../../src/download/constants.ts";
import type { DownloadResult } from "../../src/download/types.ts";
import { PeerError } from "../../src/errors/index.ts";
import { ARCHIVE_MIB, createRigWithGame, createSource, type DownloadRig, MIB, peer } from "./support.ts";

/** Stops a download in its middle, as a peer does that ends: what has come is kept. */
async function stopInTheMiddle({ rig, game }: Awaited<ReturnType<typeof createRigWithGame>>): Promise<void> {
  const controller = new AbortController();
  const stopped = rig.download(game, [createSource(peer(1), game)], {
    signal: controller.signal,
    onChunk: (chunk) => {
      rig.chunks.push(chunk);
      if (fetched(rig) > MIB) controller.abort(new PeerError("shutting-down", "The peer is stopping."));
    },
  });
  await expect(stopped).rejects.toMatchObject({ code: "shutting-down" });
}

/** Bytes that have come so far. */
function fetched({ chunks }: DownloadRig): number {
  return chunks.reduce((sum, { length }) => sum + length, 0);
}

/** Bytes, by the rate and the time that the end tells: within what the rounding to milliseconds makes of them. */
function expectRateOf({ mibPerS, elapsedMs }: DownloadResult, bytes: number): void {
  const seconds = bytes / MIB / mibPerS;
  expect(Math.abs(seconds * 1000 - elapsedMs)).toBeLessThanOrEqual(0.5 + 1e-6);
}

describe("the end of a download", () => {
  it("tells the rate of what was fetched", async () => {
    const { rig, game } = await createRigWithGame();
    await using _rig = rig;
    const result = await rig.download(game, [createSource(peer(1), game)]);
    expectRateOf(result, result.bytes);
  });

  it("tells the rate of what was fetched this time, not of what was here", async () => {
    const stopped = await createRigWithGame();
    const { rig, game } = stopped;
    await using _rig = rig;
    await stopInTheMiddle(stopped);
    const before = fetched(rig);
    const result = await rig.download(game, [createSource(peer(1), game)]);
    const bytes = fetched(rig) - before;
    expect(bytes).toBeLessThan(ARCHIVE_MIB * MIB);
    expect(Object.values(result.sources)).toEqual([bytes]);
    expectRateOf(result, bytes);
  });
});

describe("the progress of a download that fails", () => {
  it("ends with it", async () => {
    const { rig, game } = await createRigWithGame();
    await using _rig = rig;
    const gone = createSource(peer(1), game, {
      onRequest: async () => {
        throw new Error("gone");
      },
    });
    await expect(rig.download(game, [gone])).rejects.toMatchObject({ code: "peers-gone" });
    const told = rig.samples.length;
    expect(told).toBeGreaterThan(0);
    await delay(2.5 * SAMPLE_INTERVAL_MS);
    expect(rig.samples).toHaveLength(told);
  });
});

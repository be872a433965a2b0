import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { type Rar5Entry, seededChunks } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { runCli } from "./support/cli.ts";
import { makeGame } from "./support/games.ts";
import { placeOfEachTest } from "./support/place-of-test.ts";
import { type TestHarness, until } from "./support/test-harness.ts";
import { digestsOf } from "./support/tree.ts";

const MIB = 1_048_576;
const TOTAL_BYTES = 256 * MIB;
/** To the end of a download, and of a test with several parts of one, ms, on a machine that other tests keep busy. */
const END_MS = 240_000;
const TEST_MS = 600_000;

const place = placeOfEachTest();

/** Starts the receiver and its download of what the source has; it is killed when it has more than so many bytes, verified. */
async function startDownload(killedAbove = Number.MAX_SAFE_INTEGER): Promise<TestHarness> {
  const receiver = await place.startSignalling("receiver", {
    ...{ signal: "SIGKILL", event: "download-progress", field: "done_bytes", isSum: false },
    above: killedAbove,
  });
  await hasGame(receiver, "quake3", { peer_count: 1, downloaded: false });
  await receiver.ask({ cmd: "download", game_id: "quake3", install: false });
  return receiver;
}

/** Bytes of the pieces that this run of the receiver fetched and verified. */
function received(receiver: TestHarness): number {
  return receiver
    .events("download-chunk-finished")
    .reduce((sum, event) => sum + Number(event.data["length"]), 0);
}

/** One archive of several entries, over and over larger than what is unpacked between two looks at it. */
function entries(): Rar5Entry[] {
  const bytes = TOTAL_BYTES / 4;
  return [0, 1, 2, 3].map((seed) => ({
    name: `data/part ${seed}.pak`,
    content: { size: bytes, chunks: () => seededChunks(seed, bytes) },
  }));
}

function hasGame(harness: TestHarness, id: string, wanted: Record<string, unknown>): Promise<unknown> {
  return until(`${id} with ${JSON.stringify(wanted)}`, async () => {
    const answer = await harness.ask({ cmd: "list-games" });
    const games = answer.type === "result" ? (answer.data["games"] as Record<string, unknown>[]) : [];
    return games.some(
      (game) => game["id"] === id && Object.entries(wanted).every(([key, value]) => game[key] === value),
    );
  });
}

describe("kill -9 of the receiver", () => {
  it("in a download leaves no game, and the next start fetches only the rest", {
    timeout: TEST_MS,
  }, async () => {
    const from = await place.peer("source");
    const to = await place.peer("receiver");
    await makeGame(from.games, "quake3", { entries: entries() });
    await place.start("source");
    let fetched = 0;
    for (const part of [0.1, 0.3, 0.5]) {
      const receiver = await startDownload(part * TOTAL_BYTES);
      expect((await receiver.ended).signal).toBe("SIGKILL");
      fetched += received(receiver);
      const left = await readdir(join(to.games, "quake3"));
      expect(receiver.events("download-finished")).toEqual([]);
      expect(left).not.toContain("version.ini");
      expect(left).not.toContain("local");
    }
    const receiver = await startDownload();
    const end = await receiver.event("download-finished", END_MS);
    const bytes = Object.values(end.data["sources"] as Record<string, number>);
    fetched += bytes.reduce((sum, each) => sum + each, 0);
    // Nothing of what was reported as verified has to be fetched again, but for what the disk had not yet.
    expect(fetched).toBeLessThan(TOTAL_BYTES * 1.05);
    await receiver.close();
    expect(await digestsOf(join(to.games, "quake3"))).toEqual(await digestsOf(join(from.games, "quake3")));
    expect(await readdir(join(to.state, "games/quake3")).catch(() => [])).not.toContain("download.json");
  });

  it("in an install leaves the download alone, and the next start can install it", {
    timeout: TEST_MS,
  }, async () => {
    const { games, args } = await place.peer("alone");
    const root = await makeGame(games, "quake3", { entries: entries() });
    const before = await digestsOf(root);
    const first = await place.startSignalling("alone", {
      ...{ signal: "SIGKILL", event: "install-progress", field: "done_bytes", isSum: false, above: 0 },
    });
    await hasGame(first, "quake3", { downloaded: true });
    await first.ask({ cmd: "install", game_id: "quake3" });
    expect((await first.ended).signal).toBe("SIGKILL");
    expect(existsSync(join(root, ".local.installing"))).toBe(true);
    expect(first.events("install-finished")).toEqual([]);
    expect(existsSync(join(root, "local"))).toBe(false);

    const second = await place.start("alone");
    await hasGame(second, "quake3", { downloaded: true, installed: false });
    expect(await digestsOf(root)).toEqual(before);
    await second.close();

    const { code, stderr } = await runCli(["install", "quake3", ...args]);
    expect(code, stderr).toBe(0);
    const installed = await digestsOf(join(root, "local"));
    expect(Object.keys(installed)).toEqual([0, 1, 2, 3].map((seed) => `data/part ${seed}.pak`));
    expect(await digestsOf(root, { withoutLocal: true })).toEqual(before);
  });

  it("at any moment is noticed: the next one takes the state directory over", async () => {
    const first = await place.start("alone");
    await first.kill();
    const second = await place.start("alone");
    expect((await second.ask({ cmd: "status" })).type).toBe("result");
  });
});

import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { eventuallyPasses, temporaryDirectory } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { downloadGame, fetchManifest } from "../../src/download/index.ts";
import { openStateDir } from "../../src/storage/index.ts";
import { content, createServeRig, GGOO, type ServeRig } from "../serve/rig.ts";
import { MIB, peer } from "./support.ts";

const FILES = {
  "version.ini": "2018.04.12",
  "game.eti": content(10 * MIB + 1, "archive"),
  "data/ü.map": content(1000, "map"),
  "data/empty": "",
};

/** Everything from the announcement to the last byte, over the real serving side. */
async function downloadFrom(server: ServeRig, dir: string) {
  const summary = server.library.library.snapshot().games.find(({ id }) => id === GGOO);
  if (summary === undefined) throw new Error("the server does not announce the game");
  const candidate = { peerId: peer(1), channel: server.channel, summary };
  const { manifest, digests, sources } = await fetchManifest({ gameId: GGOO, candidates: [candidate] });
  const gamesDir = join(dir, "games");
  await mkdir(gamesDir);
  const root = join(gamesDir, GGOO);
  const stateDir = await openStateDir(join(dir, "state"));
  const result = await downloadGame({ gameId: GGOO, root, gamesDir, manifest, digests, sources, stateDir });
  return { root, digests, result };
}

describe("a download from the serving side", () => {
  it("brings every byte, and leaves nothing behind there", async () => {
    await using server = await createServeRig(FILES);
    await using dir = await temporaryDirectory();
    const { root, digests, result } = await downloadFrom(server, dir.path);
    for (const [path, bytes] of Object.entries(FILES)) {
      expect((await readFile(join(root, path))).equals(Buffer.from(bytes))).toBe(true);
    }
    expect(Buffer.from(result.digests)).toEqual(Buffer.from(digests ?? []));
    expect(result.retried).toBe(0);
    // Its file is closed behind the last byte.
    await eventuallyPasses(() => expect(server.outbound.counts()).toEqual({}));
  });
});

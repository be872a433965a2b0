/**
 * A process that downloads the game of the crash tests and is killed while it does. It prints `at STEP` where it was told
 * to stop, and waits there for ever; else it prints `done`. A flush is such a step when everything is noted as flushed.
 *
 *     node crash-child.ts GAME_DIR DIR STEP|- SLOW_MS
 */

import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { downloadGame } from "../../src/download/index.ts";
import { readJournal } from "../../src/download/journal.ts";
import { openStateDir } from "../../src/storage/index.ts";
import { servedGame } from "./crash-games.ts";
import { createSource, GGOO, peer } from "./support.ts";

const [gameDir, dir, stopAt, slowMs] = process.argv.slice(2);
if (gameDir === undefined || dir === undefined) throw new Error("GAME_DIR or DIR is missing");
const game = await servedGame(gameDir);
const source = createSource(peer(1), game, {
  onBytes: async (_path, _offset, bytes) => {
    await delay(Number(slowMs));
    return bytes;
  },
});
process.stdout.write("ready\n");
const stateDir = await openStateDir(join(dir, "state"));

/** Of what is fetched slowly some is flushed while the rest still comes. `version.ini`, which has one piece, is never noted. */
async function isAllFlushed(): Promise<boolean> {
  const journal = await readJournal(stateDir, GGOO);
  return journal.status === "found" && journal.pieces.done.filter((done) => done === 0).length === 1;
}

await downloadGame({
  gameId: GGOO,
  root: join(dir, "games", GGOO),
  gamesDir: join(dir, "games"),
  manifest: game.manifest,
  digests: game.digests,
  sources: [source],
  stateDir,
  onStep: async (step) => {
    if (step !== stopAt || (step === "pieces-flushed" && !(await isAllFlushed()))) return;
    process.stdout.write(`at ${step}\n`);
    await new Promise((resolve) => setTimeout(resolve, 2 ** 30));
  },
});
process.stdout.write("done\n");

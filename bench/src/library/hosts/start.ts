import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { createLibrary, openCatalogForAll, openStateDir } from "@lanspread/peer/parts";
import { asGameId } from "@lanspread/proto";
import { endWithParent, say, settings } from "../../child.ts";
import { type Cost, costOf, memoryInUse } from "../cost.ts";
import { ARCHIVE_NAME, idOf } from "../make-games.ts";
import type { Started, StartSettings } from "../messages.ts";

// A library that is started, changed, and closed.

const { gamesDir, stateDir, changes, settle, weigh } = settings<StartSettings>();

endWithParent();

const state = await openStateDir(stateDir);
const before = weigh ? memoryInUse() : 0;
const library = createLibrary({ gamesDir, stateDir: state, catalog: openCatalogForAll, isBusy: () => false });
// Hashing is measured by itself.
library.setHashingPaused(true);
const start = await costOf(() => library.start());
const memoryBytes = weigh ? memoryInUse() - before : 0;
const { games } = library.snapshot();

const changed: Cost[] = [];
for (let game = 0; game < changes; game++) {
  await appendFile(join(gamesDir, idOf(game), ARCHIVE_NAME), "more\n");
  const rev = library.snapshot().library_rev;
  changed.push(await costOf(() => library.rescan(asGameId(idOf(game)))));
  if (library.snapshot().library_rev !== rev + 1) throw new Error(`game ${game} was not announced anew`);
}
if (settle) {
  library.setHashingPaused(false);
  await library.hashed();
}
say({ start, changes: changed, memoryBytes, games: games.length } satisfies Started);
await library.close();
process.stdin.pause();

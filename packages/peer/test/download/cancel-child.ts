/**
 * A process that cancels the unfinished download of a game, and kills itself as soon as some of its files are gone. It looks between
 * its own steps: whoever looks from outside may come when everything has been done.
 *
 *     node cancel-child.ts DIR FILES_IN_DATA
 */

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { discardUnfinished } from "../../src/download/index.ts";
import { openStateDir } from "../../src/storage/index.ts";
import { GGOO } from "./support.ts";

const [dir, count] = process.argv.slice(2);
if (dir === undefined || count === undefined) throw new Error("DIR or FILES_IN_DATA is missing");
const gamesDir = join(dir, "games");
const stateDir = await openStateDir(join(dir, "state"));
const data = join(gamesDir, GGOO, "data");
const look = (): void => {
  if (readdirSync(data).length < Number(count)) process.kill(process.pid, "SIGKILL");
  setImmediate(look);
};
setImmediate(look);
await discardUnfinished({ gameId: GGOO, gamesDir, stateDir });

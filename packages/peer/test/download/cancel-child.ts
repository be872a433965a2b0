/**
 * A process that cancels the unfinished download of a game, and is killed while it does. It prints `ready` before it begins, and `done`.
 *
 *     node cancel-child.ts DIR
 */

import { join } from "node:path";
import { discardUnfinished } from "../../src/download/index.ts";
import { openStateDir } from "../../src/storage/index.ts";
import { GGOO } from "./support.ts";

const [dir] = process.argv.slice(2);
if (dir === undefined) throw new Error("DIR is missing");
const stateDir = await openStateDir(join(dir, "state"));
process.stdout.write("ready\n");
await discardUnfinished({ gameId: GGOO, gamesDir: join(dir, "games"), stateDir });
process.stdout.write("done\n");

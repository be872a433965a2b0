import { readdirSync, statSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { endWithParent, say, settings } from "../../child.ts";
import { costOf } from "../cost.ts";
import type { Walked, WalkSettings } from "../messages.ts";

// A plain walk: every directory is listed with the kinds of its entries, every file's state is read, and nothing else is done.

const { dir, how } = settings<WalkSettings>();

endWithParent();

let files = 0;
const cost = await costOf(async () => {
  if (how === "promises") await walk(dir);
  else walkSync(dir);
});
say({ cost, files } satisfies Walked);
process.stdin.pause();

/** As one would write it: one directory after the other, its files side by side. */
async function walk(directory: string): Promise<void> {
  const entries = await readdir(directory, { withFileTypes: true });
  const inside = entries.filter((entry) => !entry.isDirectory());
  await Promise.all(inside.map((entry) => stat(join(directory, entry.name))));
  files += inside.length;
  for (const entry of entries) if (entry.isDirectory()) await walk(join(directory, entry.name));
}

/** As fast as Node can, while nothing else gets a turn. */
function walkSync(directory: string): void {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) {
      walkSync(path);
    } else {
      statSync(path);
      files += 1;
    }
  }
}

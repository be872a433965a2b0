import { lstat } from "node:fs/promises";
import { join } from "node:path";

/** What a game may bring to be started with. */
export type ScriptKind = "game_setup" | "game_start" | "server_start";

const EXTENSION = process.platform === "win32" ? ".cmd" : ".sh";

/** The script of a game: in its root, else in `local/`. Null where there is none; a link is none. */
export async function findScript(root: string, kind: ScriptKind): Promise<string | null> {
  for (const path of [join(root, kind + EXTENSION), join(root, "local", kind + EXTENSION)]) {
    try {
      if ((await lstat(path)).isFile()) return path;
    } catch {
      // It is not there, or cannot be looked at: the next place may have one.
    }
  }
  return null;
}

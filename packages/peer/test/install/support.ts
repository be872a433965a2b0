import { createHash } from "node:crypto";
import { lstat, mkdir, readdir, readFile, readlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { asGameId } from "@lanspread/proto";
import { type TemporaryDirectory, temporaryDirectory } from "@lanspread/testkit";
import { createLogger, type LogEntry, type Logger } from "../../src/logger.ts";
import { openStateDir, type StateDir } from "../../src/storage/index.ts";

export const GGOO = asGameId("ggoo");

export type Files = Readonly<Record<string, string | Uint8Array>>;

export async function writeFiles(directory: string, files: Files): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), content);
  }
}

/** Everything below a directory: path, and digest of the content (or what else it is). */
export async function tree(directory: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  const names = await readdir(directory, { recursive: true });
  for (const name of names.sort()) {
    const path = join(directory, name);
    const stats = await lstat(path);
    if (stats.isDirectory()) found[`${name}/`] = "directory";
    else if (stats.isSymbolicLink()) found[name] = `link to ${await readlink(path)}`;
    else
      found[name] = createHash("sha256")
        .update(await readFile(path))
        .digest("hex");
  }
  return found;
}

/** The names directly in a directory. */
export async function namesIn(directory: string): Promise<string[]> {
  return (await readdir(directory)).sort();
}

export interface Rig extends AsyncDisposable {
  readonly place: TemporaryDirectory;
  readonly gamesDir: string;
  /** Of the game {@link GGOO}. */
  readonly root: string;
  readonly stateDir: StateDir;
  readonly logger: Logger;
  readonly log: LogEntry[];
}

/** A games directory with one game in it, and a state directory. */
export async function createRig(files: Files = { "version.ini": "2018.04.12\n" }): Promise<Rig> {
  const place = await temporaryDirectory();
  const gamesDir = place.join("games");
  const root = join(gamesDir, GGOO);
  await mkdir(root, { recursive: true });
  await writeFiles(root, files);
  const log: LogEntry[] = [];
  return {
    place,
    gamesDir,
    root,
    stateDir: await openStateDir(place.join("state")),
    logger: createLogger({ level: "debug", sink: (entry) => log.push(entry) }),
    log,
    [Symbol.asyncDispose]: () => place[Symbol.asyncDispose](),
  };
}

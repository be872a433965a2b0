import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { asGameId, contentId, type GameId, pieceSizeFor } from "@lanspread/proto";
import { type TemporaryDirectory, temporaryDirectory } from "@lanspread/testkit";
import { type Catalog, openCatalogForAll } from "../../src/catalog/index.ts";
import { createLibrary, type Library, type LibraryChangeEvent } from "../../src/library/index.ts";
import { createLogger, type LogEntry } from "../../src/logger.ts";
import { openStateDir, type StateDir } from "../../src/storage/index.ts";

/** Files of a game root: path → content. */
export type Files = Readonly<Record<string, string | Uint8Array>>;

/** Writes files below `root`, making the directories. */
export async function writeFiles(root: string, files: Files): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
}

/** A library over temporary directories, and everything a test wants to see of it. */
export interface Rig extends AsyncDisposable {
  readonly dir: TemporaryDirectory;
  readonly gamesDir: string;
  readonly stateDir: StateDir;
  readonly library: Library;
  readonly events: LibraryChangeEvent[];
  readonly log: LogEntry[];
  /** Games with an active operation. */
  readonly busy: Set<GameId>;
  /** Closes the library and makes another one over the same directories; not started. */
  restart(): Promise<Rig>;
}

export interface RigOptions {
  readonly recover?: (gamesDir: string) => Promise<void>;
  readonly catalog?: Catalog;
  /** Default: an empty `games`. */
  readonly gamesDir?: string;
}

/** Makes a rig; the library is not started. */
export async function createRig(
  games: Readonly<Record<string, Files>> = {},
  options: RigOptions = {},
): Promise<Rig> {
  const dir = await temporaryDirectory();
  const gamesDir = options.gamesDir ?? dir.join("games");
  if (options.gamesDir === undefined) await mkdir(gamesDir);
  for (const [id, files] of Object.entries(games)) await writeFiles(join(gamesDir, id), files);
  return await rigOver(dir, gamesDir, options);
}

async function rigOver(dir: TemporaryDirectory, gamesDir: string, options: RigOptions): Promise<Rig> {
  const stateDir = await openStateDir(dir.join("state"));
  const events: LibraryChangeEvent[] = [];
  const log: LogEntry[] = [];
  const busy = new Set<GameId>();
  const library = createLibrary({
    gamesDir,
    stateDir,
    catalog: options.catalog ?? openCatalogForAll,
    isBusy: (id) => busy.has(id),
    logger: createLogger({ level: "debug", sink: (entry) => log.push(entry) }),
    ...(options.recover === undefined ? {} : { recover: options.recover }),
  });
  library.onChange((event) => events.push(event));
  return {
    dir,
    gamesDir,
    stateDir,
    library,
    events,
    log,
    busy,
    restart: async () => {
      await library.close();
      return await rigOver(dir, gamesDir, options);
    },
    [Symbol.asyncDispose]: async () => {
      await library.close();
      await dir[Symbol.asyncDispose]();
    },
  };
}

export const GGOO = asGameId("ggoo");
export const BF1942 = asGameId("bf1942");

/** The content id that the library should find, worked out from the files by themselves. */
export async function expectedContentId(library: Library, gamesDir: string, id: GameId): Promise<string> {
  const manifest = library.manifestOf(id)?.manifest;
  if (manifest === undefined) throw new Error(`${id} has no manifest`);
  const digests: Buffer[] = [];
  const pieceSize = pieceSizeFor(manifest.files);
  for (const file of manifest.files) {
    const bytes = await readFile(join(gamesDir, id, file.path));
    for (let offset = 0; offset < bytes.length; offset += pieceSize) {
      digests.push(
        createHash("sha256")
          .update(bytes.subarray(offset, offset + pieceSize))
          .digest(),
      );
    }
  }
  return contentId(manifest.manifest_hash, Buffer.concat(digests));
}

/** A game with payload beside its archive. */
export const GAME: Files = {
  "version.ini": "version=2018.04.12\n",
  "ggoo.eti": "archive",
  "data/readme.txt": "hi",
};

import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Rar5Entry, seededChunks, writeRar5 } from "@lanspread/testkit";
import { count, formatBytes } from "lanspread";
import type { FileDigest, TreeDigest } from "../tree-digest.ts";
import { LARGE_BYTES, SMALL_FILE_BYTES } from "./constants.ts";

/** A game to be made. */
export interface GamePlan {
  readonly id: string;
  readonly version: string;
  /** Sizes in bytes of the files that go into the archive, by path. */
  readonly archived: Readonly<Record<string, number>>;
  /** Folders in the archive without a file. */
  readonly emptyFolders: readonly string[];
  /** Files beside the archive: transferred as they are, not unpacked. */
  readonly loose: Readonly<Record<string, string>>;
}

/** A game that was made. */
export interface DemoGame {
  readonly id: string;
  /** What went into the archive. */
  readonly entries: TreeDigest;
  readonly description: string;
}

const [WORLD = 0, MUSIC = 0, MAP = 0, PROGRAM = 0, LIBRARY = 0, FLAG = 0] = SMALL_FILE_BYTES;

/** One large game, and one of several files in folders. */
export const DEMO_GAMES: readonly GamePlan[] = [
  {
    id: "citadel",
    version: "20260314",
    archived: { "citadel.pak": LARGE_BYTES },
    emptyFolders: [],
    loose: {},
  },
  {
    id: "harbour",
    version: "20251101",
    archived: {
      "bin/harbour.exe": PROGRAM,
      "bin/engine.dll": LIBRARY,
      "data/world.pak": WORLD,
      "data/maps/docks.map": MAP,
      "data/music/theme one.ogg": MUSIC,
      "data/cfg/first-start": FLAG,
    },
    emptyFolders: ["saves"],
    loose: { "manual/read me first.txt": "Meet at the docks. Bring a friend.\n" },
  },
];

/** Makes a game below `gamesDir`: its files, its RAR5 archive, and `version.ini` last. */
export async function makeGame(plan: GamePlan, gamesDir: string, signal: AbortSignal): Promise<DemoGame> {
  const root = join(gamesDir, plan.id);
  await mkdir(root);
  for (const [path, text] of Object.entries(plan.loose)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  const entries = new Map<string, FileDigest>();
  const folders = plan.emptyFolders.map((name): Rar5Entry => ({ type: "directory", name }));
  const files = Object.entries(plan.archived).map(([name, size], seed): Rar5Entry => {
    const chunks = function* (): Generator<Uint8Array> {
      const hash = createHash("sha256");
      let left = size;
      for (const chunk of seededChunks(seed, size)) {
        signal.throwIfAborted();
        hash.update(chunk);
        left -= chunk.length;
        // With the last chunk, not behind it: the writer has its bytes then, and asks for no more.
        if (left === 0) entries.set(name, { size, sha256: hash.digest("hex") });
        yield chunk;
      }
    };
    return { name, content: { size, chunks } };
  });
  const archive = await writeRar5(join(root, `${plan.id}.eti`), [...folders, ...files]);
  await writeFile(join(root, "version.ini"), `${plan.version}\n`);
  return {
    id: plan.id,
    entries,
    description: `${plan.id}: ${formatBytes(archive.size)} in one archive of ${count(files.length, "file")}`,
  };
}

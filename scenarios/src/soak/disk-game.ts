import type { Dirent } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, rmdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** A game root as it lies on a disk, read without any code of the program. */
export interface DiskGame {
  readonly id: string;
  /** Null where there is no sentinel: the game is not downloaded. */
  readonly version: string | null;
  /** Bytes of all files but those below `local/`. */
  readonly size: number;
  readonly installed: boolean;
}

/** Bytes of an archive besides what tells versions apart. */
const ARCHIVE_BASE_BYTES = 3_000;
const SENTINEL = "version.ini";

/** Every game root of a games directory. */
export async function readGames(gamesDir: string): Promise<readonly DiskGame[]> {
  const entries = await readdir(gamesDir, { withFileTypes: true });
  const roots = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith("."));
  return Promise.all(roots.map(({ name }) => readGame(gamesDir, name)));
}

async function readGame(gamesDir: string, id: string): Promise<DiskGame> {
  const root = join(gamesDir, id);
  const entries = await readdir(root, { withFileTypes: true });
  const payload = entries.filter(({ name }) => name !== "local");
  return {
    id,
    version: payload.some(({ name }) => name === SENTINEL)
      ? (await readFile(join(root, SENTINEL), "utf8")).replace("version=", "").trim()
      : null,
    size: await bytesOf(root, payload),
    installed: entries.some((entry) => entry.name === "local" && entry.isDirectory()),
  };
}

async function bytesOf(directory: string, entries: readonly Dirent[]): Promise<number> {
  let bytes = 0;
  for (const entry of entries) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) bytes += await bytesOf(path, await readdir(path, { withFileTypes: true }));
    else bytes += (await stat(path)).size;
  }
  return bytes;
}

/** The folders of one peer, and everything that a user does in them. Ids and versions are taken as they come. */
export class GamesFolder {
  readonly path: string;
  /** On the same disk and watched by nobody: where games are made and thrown away. */
  readonly #aside: string;
  #made = 0;

  constructor(path: string, aside: string) {
    this.path = path;
    this.#aside = aside;
  }

  async prepare(): Promise<void> {
    await mkdir(this.path, { recursive: true });
    await mkdir(this.#aside, { recursive: true });
  }

  /** A whole game appears at once. */
  async put(id: string, version: string): Promise<void> {
    const made = this.#somewhere();
    await fill(made, version);
    await rename(made, join(this.path, id));
  }

  /** A game is copied into place file by file, its sentinel last. */
  copy(id: string, version: string): Promise<void> {
    return fill(join(this.path, id), version);
  }

  /** A whole game disappears at once. */
  async take(id: string): Promise<void> {
    const trash = this.#somewhere();
    await rename(join(this.path, id), trash);
    await rm(trash, { recursive: true });
  }

  /** A game is deleted in place, file by file. */
  erase(id: string): Promise<void> {
    return rm(join(this.path, id), { recursive: true });
  }

  /** Only the sentinel goes. */
  unlist(id: string): Promise<void> {
    return rm(join(this.path, id, SENTINEL));
  }

  rename(id: string, to: string): Promise<void> {
    return rename(join(this.path, id), join(this.path, to));
  }

  /** Another version over the one that is there: the sentinel goes first and comes last. */
  async rewrite(id: string, version: string): Promise<void> {
    await rm(join(this.path, id, SENTINEL), { force: true });
    await fill(join(this.path, id), version);
  }

  async install(id: string): Promise<void> {
    await mkdir(join(this.path, id, "local"));
    await this.play(id);
  }

  /** Files come and go below `local/`: nobody's business. */
  async play(id: string): Promise<void> {
    const saves = join(this.path, id, "local", "saves");
    await mkdir(saves, { recursive: true });
    for (let slot = 0; slot < 3; slot++) await writeFile(join(saves, `slot${slot}`), String(this.#made++));
  }

  async uninstall(id: string): Promise<void> {
    await rm(join(this.path, id, "local", "saves"), { recursive: true });
    await rmdir(join(this.path, id, "local"));
  }

  #somewhere(): string {
    return join(this.#aside, String(this.#made++));
  }
}

/** The same bytes for the same version, whatever the game is called: a renamed one is the same as one that was made. */
async function fill(root: string, version: string): Promise<void> {
  await mkdir(join(root, "docs"), { recursive: true });
  const archive = Buffer.alloc(ARCHIVE_BASE_BYTES + (Number(version) % 1_000), `${version} `);
  await writeFile(join(root, "game.eti"), archive);
  await writeFile(join(root, "docs", "readme.txt"), `Version ${version}\n`);
  await writeFile(join(root, SENTINEL), `version=${version}\n`);
}

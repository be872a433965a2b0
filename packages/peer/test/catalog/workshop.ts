import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { seededBytes, type TemporaryDirectory, temporaryDirectory, writeRar5 } from "@lanspread/testkit";
import { type BuildCatalogOptions, type BuiltCatalog, buildCatalog } from "../../src/catalog/index.ts";

/** Length of the archive of a game, bytes. */
export const BYTES = 3_000_001;

/** A games directory that a catalog is made of, and room beside it. */
export class Workshop implements AsyncDisposable {
  readonly gamesDir: string;
  readonly #place: TemporaryDirectory;

  private constructor(place: TemporaryDirectory) {
    this.#place = place;
    this.gamesDir = place.join("games");
  }

  static async make(): Promise<Workshop> {
    const workshop = new Workshop(await temporaryDirectory("lanspread-catalog-"));
    await mkdir(workshop.gamesDir);
    return workshop;
  }

  /** The directory that holds the games directory. */
  get path(): string {
    return this.#place.path;
  }

  /** A path beside the games directory. */
  join(...names: string[]): string {
    return this.#place.join(...names);
  }

  /** @returns the game's root */
  async makeGame(id: string, version = "2024.01.01"): Promise<string> {
    const root = join(this.gamesDir, id);
    await mkdir(join(root, "extras"), { recursive: true });
    await writeRar5(join(root, `${id}.eti`), [{ name: "game.exe", content: seededBytes(1, BYTES) }]);
    await writeFile(join(root, "extras", "manual.txt"), "Read me.\n");
    await writeFile(join(root, "version.ini"), `[game]\nversion=${version}\n`);
    return root;
  }

  build(options: Partial<BuildCatalogOptions> = {}): Promise<BuiltCatalog> {
    return buildCatalog({ gamesDir: this.gamesDir, ...options });
  }

  /** Every path, so that nothing is written unseen. */
  async everything(): Promise<string[]> {
    return (await readdir(this.path, { recursive: true })).sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#place[Symbol.asyncDispose]();
  }
}

/** Does something when a game is listed and its turn to be hashed has come, before a byte of it is read. */
export function once(id: string, change: () => void): NonNullable<BuildCatalogOptions["onProgress"]> {
  let done = false;
  return ({ gameId }) => {
    if (done || gameId !== id) return;
    done = true;
    change();
  };
}

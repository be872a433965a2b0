import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ARCHIVE_BYTES } from "./constants.ts";

/** The folders of one peer, and what is done to the games in them. */
export interface PeerFolders {
  readonly gamesDir: string;
  readonly stateDir: string;
  /** A game that nobody else has is put into place at once. */
  add(id: string): Promise<void>;
  /** It is taken away again at once. */
  remove(id: string): Promise<void>;
  /** A game is made to look installed. */
  install(id: string): Promise<void>;
}

/** The id of a peer's game with this number. Nobody else has it: the joint library is as long as it can be. */
export function gameId(peer: number, game: number): string {
  return `p${peer}-game-${game}`;
}

/** Makes the folders of a peer below `directory`, with so many games. */
export async function makeFolders(
  directory: string,
  { peer, games }: { readonly peer: number; readonly games: number },
): Promise<PeerFolders> {
  const place = join(directory, `peer-${peer}`);
  const [gamesDir, stateDir, aside] = ["games", "state", "aside"].map((name) => join(place, name));
  if (gamesDir === undefined || stateDir === undefined || aside === undefined) throw new Error("no folders");
  for (const path of [gamesDir, stateDir, aside]) await mkdir(path, { recursive: true, mode: 0o700 });
  for (let game = 0; game < games; game++) await makeGame(join(gamesDir, gameId(peer, game)));
  return {
    gamesDir,
    stateDir,
    async add(id) {
      // Made beside, so that nothing but the rename is what the watcher and the clock see.
      await makeGame(join(aside, id));
      await rename(join(aside, id), join(gamesDir, id));
    },
    async remove(id) {
      await rename(join(gamesDir, id), join(aside, id));
      await rm(join(aside, id), { recursive: true });
    },
    async install(id) {
      await mkdir(join(gamesDir, id, "local"));
    },
  };
}

async function makeGame(root: string): Promise<void> {
  await mkdir(root);
  await writeFile(join(root, "game.eti"), Buffer.alloc(ARCHIVE_BYTES, root));
  await writeFile(join(root, "version.ini"), "20240101\n");
}

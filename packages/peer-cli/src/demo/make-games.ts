import { chmod, copyFile, link, mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { seededChunks, writeRar5 } from "@lanspread/testkit";
import { DEMO_GAMES, type DemoGame, type Player } from "./demo-games.ts";
import { paintCover } from "./paint-cover.ts";

/** Everybody's version, and the one before it. */
const VERSION = "20261114";
const OLDER_VERSION = "20260301";

/** Part of a game's bytes in its largest file. */
const LARGEST = 0.7;

/** Folders of the demo. */
export interface DemoPlaces {
  /** Of the one who looks at it. */
  readonly ownGames: string;
  /** Of a player of the demo. */
  readonly gamesOf: (player: Player) => string;
  /** The catalog's file: pictures lie beside it. */
  readonly catalog: string;
  readonly pictures: string;
}

/** Writes the catalog with its pictures. */
export async function makeCatalog({ catalog, pictures }: DemoPlaces): Promise<void> {
  await mkdir(pictures);
  const games = [];
  for (const { id, name, genre, year, maxPlayers, description, cover, hasServer } of DEMO_GAMES) {
    if (cover !== undefined) await writeFile(join(pictures, `${id}.png`), paintCover(cover));
    games.push({
      ...{ id, name, genre, year, description, max_players: maxPlayers },
      ...(cover === undefined ? {} : { thumbnail: `pictures/${id}.png` }),
      ...(hasServer === undefined ? {} : { can_host_server: true }),
    });
  }
  await writeFile(catalog, JSON.stringify({ format: 1, name: "Demo", games }));
}

/**
 * Makes the games of everybody: each is written once, and lies in the folders of all who have it.
 *
 * @param signal ends it between two pieces of a game
 */
export async function makeGames(places: DemoPlaces, signal: AbortSignal): Promise<void> {
  for (const [index, game] of DEMO_GAMES.entries()) {
    const [first, ...others] = game.players.map((player) => join(places.gamesOf(player), game.id));
    if (first === undefined) continue;
    await makeGame(game, first, { seed: index, version: VERSION, signal });
    for (const other of others) await shareFiles(first, other);
    const own = join(places.ownGames, game.id);
    if (game.own === "older")
      await makeGame(game, own, { seed: index + DEMO_GAMES.length, version: OLDER_VERSION, signal });
    else if (game.own !== undefined) await shareFiles(first, own);
    if (game.own === "installed") await install(game, own);
  }
}

interface Making {
  readonly seed: number;
  readonly version: string;
  readonly signal: AbortSignal;
}

async function makeGame(game: DemoGame, root: string, { seed, version, signal }: Making): Promise<void> {
  signal.throwIfAborted();
  await mkdir(root, { recursive: true });
  const largest = Math.round(game.bytes * LARGEST);
  const chunks = function* (part: number, size: number): Generator<Uint8Array> {
    for (const chunk of seededChunks(seed * 4 + part, size)) {
      signal.throwIfAborted();
      yield chunk;
    }
  };
  const file = (name: string, part: number, size: number) => ({
    name,
    content: { size, chunks: () => chunks(part, size) },
  });
  await writeRar5(join(root, `${game.id}.eti`), [
    file("data/world.pak", 0, largest),
    file("data/sound.pak", 1, game.bytes - largest),
    { name: "readme.txt", content: readme(game) },
    ...scriptsOf(game).map(([name, content]) => ({ name, content })),
  ]);
  await writeFile(join(root, "version.ini"), `${version}\n`);
}

/** What an install would have unpacked, less the bytes that nobody reads. */
async function install(game: DemoGame, root: string): Promise<void> {
  const local = join(root, "local");
  await mkdir(local);
  await writeFile(join(local, "readme.txt"), readme(game));
  for (const [name, content] of scriptsOf(game)) {
    await writeFile(join(local, name), content);
    await chmod(join(local, name), 0o755);
  }
}

/** Puts the files of a game into another folder, without their bytes where the file system can. */
async function shareFiles(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const name of await readdir(from)) {
    const [source, target] = [join(from, name), join(to, name)];
    await link(source, target).catch(() => copyFile(source, target));
  }
}

function readme({ name, description }: DemoGame): string {
  return `${name}\n\n${description}\n\nThis is a game of the demo: its data is noise.\n`;
}

/** A game of the demo says that it would start, in whatever shows a text on this machine. */
function scriptsOf({ name, hasServer }: DemoGame): [name: string, content: string][] {
  const kinds = ["game_start", ...(hasServer === undefined ? [] : ["server_start"])];
  // Of the shells' characters names have only the apostrophe, and here it is another one.
  const says = `${name}: this is where it starts.`;
  return kinds.flatMap((kind): [string, string][] => [
    [
      `${kind}.sh`,
      `#!/bin/sh\nfor show in "zenity --info --text" "xmessage -center" "notify-send" "echo"; do\n  command -v "\${show%% *}" >/dev/null && exec $show "${says}"\ndone\n`,
    ],
    [`${kind}.cmd`, `@echo off\r\necho ${says}\r\npause\r\n`],
  ]);
}

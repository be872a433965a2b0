import { mkdir, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { createLogger, type Peer, type PeerOptions, startPeer } from "@lanspread/peer";
import { type TemporaryDirectory, temporaryDirectory, writeRar5 } from "@lanspread/testkit";
import { type Desktop, startDesktop } from "../../shell/index.ts";

/** A game for tests: an archive with these files. */
export interface TestGame {
  readonly id: string;
  readonly name: string;
  readonly files: Readonly<Record<string, string | Uint8Array>>;
  readonly version?: string;
  readonly genre?: string;
}

/** An app, and another peer that has games, in a party of their own. */
export interface Party extends AsyncDisposable {
  readonly dir: TemporaryDirectory;
  readonly other: Peer;
  /** What the app is started with, in a process of its own too. */
  readonly setup: { readonly peer: PeerOptions; readonly page: string };
  /** Starts the app; it is connected with the other one when it resolves, unless it is to discover it. */
  start(options?: Partial<PeerOptions>): Promise<Desktop>;
  /** Starts one more peer, with games of its own. It is connected with nobody yet. */
  join(name: string, games: readonly TestGame[], options?: Partial<PeerOptions>): Promise<Peer>;
}

/** The page as it is built; that of tests is the one that ships. */
const BUILT_PAGE = fileURLToPath(new URL("../../dist/page", import.meta.url));

let parties = 0;

/**
 * @param facts more fields of the catalog, by id
 * @param options of the other peer
 */
export async function createParty(
  games: readonly TestGame[],
  facts: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {},
  options: Partial<PeerOptions> = {},
): Promise<Party> {
  const dir = await temporaryDirectory();
  parties += 1;
  const party = `browser-${process.pid}-${parties}`;
  const logger = createLogger({
    level: "error",
    sink: ({ message }) => process.stderr.write(`${message}\n`),
  });
  await mkdir(dir.join("mine", "games"), { recursive: true });
  const catalog = dir.join("catalog.json");
  const listed = games.map(({ id, name, genre = "Shooter" }) => ({ id, name, genre, ...facts[id] }));
  await writeFile(catalog, JSON.stringify({ format: 1, name: "test", games: listed }));
  const common = {
    catalog,
    party,
    listen: "127.0.0.1:0",
    interfaces: ["127.0.0.1"],
    discovery: null,
    lanes: 0,
  };
  // Whoever comes to a party for the first time is welcomed, which is a test of its own.
  await mkdir(dir.join("mine", "state"), { recursive: true, mode: 0o700 });
  await writeFile(dir.join("mine", "state", "desktop.json"), JSON.stringify({ welcomed: true }));
  const own = (who: string) => ({ gamesDir: dir.join(who, "games"), stateDir: dir.join(who, "state") });
  const peers: Peer[] = [];
  const join: Party["join"] = async (name, offered, special = {}) => {
    const who = `peer-${peers.length}`;
    await mkdir(dir.join(who, "games"), { recursive: true });
    for (const game of offered) await makeGame(dir.join(who, "games", game.id), game);
    const peer = await startPeer({ ...common, ...own(who), name, logger, ...special });
    peers.push(peer);
    return peer;
  };
  const other = await join("Grace", games, options);
  const running: Desktop[] = [];
  return {
    dir,
    other,
    join,
    setup: { peer: { ...common, ...own("mine") }, page: BUILT_PAGE },
    start: async (special = {}) => {
      const desktop = await startDesktop({
        peer: { ...common, ...own("mine"), logger, ...special },
        version: "1.2.3",
        logger,
      });
      running.push(desktop);
      if (special.discovery === undefined)
        await desktop.host.peer.send({ type: "connect", addr: other.addr });
      return desktop;
    },
    [Symbol.asyncDispose]: async () => {
      for (const desktop of running) await desktop[Symbol.asyncDispose]();
      for (const peer of peers) await peer.stop();
      await dir[Symbol.asyncDispose]();
    },
  };
}

/** Puts a game as it is offered into a games directory. */
export async function makeGame(root: string, { files, version = "20240101" }: TestGame): Promise<void> {
  await mkdir(root);
  const entries = Object.entries(files).map(([name, content]) => ({ name, content }));
  await writeRar5(`${root}/game.eti`, entries);
  await writeFile(`${root}/version.ini`, `${version}\n`);
}

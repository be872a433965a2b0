import { createHash } from "node:crypto";
import { chmod, readdir } from "node:fs/promises";
import { join, resolve, sep } from "node:path";
import { type GameId, isGameId } from "@lanspread/proto";
import envPaths from "env-paths";
import { errnoOf, fromNodeError } from "../errors/index.ts";
import { PRIVATE_DIRECTORY_MODE } from "./constants.ts";
import { makeDirectories } from "./make-directories.ts";

/**
 * Where everything lies in a state directory. Nobody else puts these names together. The directory `games/<id>/` of a
 * game is made by who writes into it ({@link ensureGameDir}).
 */
export interface StateDir {
  /** The directory itself, absolute. */
  readonly root: string;
  /** The peer's key pair and certificate. */
  readonly identityDir: string;
  readonly keyFile: string;
  readonly certFile: string;
  /** The library's revision. */
  readonly libraryFile: string;
  /** The directory of the index entries. */
  readonly libraryDir: string;
  /** Index entry of one game. */
  libraryEntry(id: GameId): string;
  /** The directory of the games' own state, one directory per game. */
  readonly gamesDir: string;
  /** What belongs to operations on one game. */
  gameDir(id: GameId): string;
  /** Intent of an install-side operation. */
  installIntent(id: GameId): string;
  /** Journal of an unfinished download. */
  downloadJournal(id: GameId): string;
  /** Which pieces of an unfinished download are safely on disk. */
  downloadBitmap(id: GameId): string;
  /** What an unfinished removal deletes. */
  removalList(id: GameId): string;
  /** What the last install unpacked. */
  installedList(id: GameId): string;
  /** What an update is about to install: the list of the new `local/`, until that is there. */
  comingInstalledList(id: GameId): string;
  /** That the game's set-up was started. */
  setupDone(id: GameId): string;
  /** The same while the set-up is being started: it is renamed then. */
  comingSetupDone(id: GameId): string;
  /** That the launch settings were applied to the installed game. */
  launchSettingsApplied(id: GameId): string;
  /** The control socket of the running peer, which is also the lock. A named pipe on Windows. */
  readonly controlSocket: string;
  readonly logsDir: string;
}

/** Where the state lies when nobody says otherwise: the data directory of the user, by the platform's custom. */
export function defaultStateDir(): string {
  return envPaths("lanspread", { suffix: "" }).data;
}

/** The layout of the state directory at `path`. Touches no disk. */
export function stateDirLayout(path: string): StateDir {
  const root = resolve(path);
  const at = (...names: string[]): string => join(root, ...names);
  const libraryDir = at("library");
  return {
    root,
    identityDir: at("identity"),
    keyFile: at("identity", "key.pem"),
    certFile: at("identity", "cert.pem"),
    libraryFile: at("library.json"),
    libraryDir,
    // Every start asks for those of all games, and an id is a component of a path as it is.
    libraryEntry: (id) => `${libraryDir}${sep}${id}.json`,
    gamesDir: at("games"),
    gameDir: (id) => at("games", id),
    installIntent: (id) => at("games", id, "install_intent.json"),
    downloadJournal: (id) => at("games", id, "download.json"),
    downloadBitmap: (id) => at("games", id, "pieces"),
    removalList: (id) => at("games", id, "removal.json"),
    installedList: (id) => at("games", id, "installed.json"),
    comingInstalledList: (id) => at("games", id, "installed_next.json"),
    setupDone: (id) => at("games", id, "setup_done"),
    comingSetupDone: (id) => at("games", id, "setup_done_next"),
    launchSettingsApplied: (id) => at("games", id, "launch_settings_applied"),
    controlSocket: process.platform === "win32" ? pipeName(root) : at("control.sock"),
    logsDir: at("logs"),
  };
}

/**
 * Makes the state directory at `path` and its subdirectories, open to their owner alone, and returns the layout.
 *
 * A directory that exists is closed to others only when it is empty or a state directory already: somebody who names
 * a shared directory by mistake does not lock others out of it. The subdirectories are always closed.
 *
 * @throws PeerError `no-permission`, `not-a-directory`, `disk-full`, `path-too-long`, naming the path.
 */
export async function openStateDir(path: string): Promise<StateDir> {
  const layout = stateDirLayout(path);
  try {
    await makeDirectories(layout.root, PRIVATE_DIRECTORY_MODE);
    const names = await readdir(layout.root);
    if (names.length === 0 || names.includes("identity")) await chmod(layout.root, PRIVATE_DIRECTORY_MODE);
    for (const directory of [layout.identityDir, layout.libraryDir, layout.gamesDir, layout.logsDir]) {
      await makeDirectories(directory, PRIVATE_DIRECTORY_MODE);
      await chmod(directory, PRIVATE_DIRECTORY_MODE);
    }
  } catch (error) {
    throw fromNodeError(error, layout.root);
  }
  return layout;
}

/** Makes the directory of one game's state and returns its path. */
export async function ensureGameDir(layout: StateDir, id: GameId): Promise<string> {
  const path = layout.gameDir(id);
  await makeDirectories(path, PRIVATE_DIRECTORY_MODE);
  return path;
}

/** The games of which something is noted, by id. */
export async function gamesWithState({ gamesDir }: StateDir): Promise<readonly GameId[]> {
  try {
    return (await readdir(gamesDir)).filter(isGameId).sort();
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return [];
    throw fromNodeError(error, gamesDir);
  }
}

/** Pipes have no directory on Windows: the name carries a digest of the state directory's path instead. */
function pipeName(root: string): string {
  const digest = createHash("sha256").update(root.toLowerCase()).digest("hex").slice(0, 32);
  return `\\\\.\\pipe\\lanspread-${digest}`;
}

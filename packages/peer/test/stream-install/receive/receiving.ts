import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { PeerError } from "../../../src/errors/index.ts";
import {
  type StreamInstallOptions,
  type StreamInstallResult,
  type StreamSource,
  streamInstallGame,
} from "../../../src/stream-install/receive/index.ts";
import { createRig, type Files, GGOO, namesIn, type Rig, tree } from "../../install/support.ts";
import { openFilesBelow } from "../send/threads.ts";
import { FRAMES, LEVEL, MANIFEST } from "./game.ts";
import { createSenders, type Script, type ScriptedSender, sends } from "./scripted-sender.ts";
import { encodeFrames } from "./support.ts";

/** A sender that does what it should. */
export const WHOLE: Script = sends(encodeFrames(FRAMES));

/** A games directory, and sources that do what scripts say. */
export interface Receiving extends AsyncDisposable {
  readonly rig: Rig;
  sender(script: Script): Promise<ScriptedSender>;
  receive(
    sources: readonly StreamSource[],
    options?: Partial<StreamInstallOptions>,
  ): Promise<StreamInstallResult>;
}

/** @param files of the game root; undefined: there is none */
export async function createReceiving(files?: Files): Promise<Receiving> {
  const opened = new AsyncDisposableStack();
  const rig = opened.use(await createRig(files ?? {}));
  if (files === undefined) await rm(rig.root, { recursive: true });
  const senders = opened.use(await createSenders(rig.place.join("senders")));
  return {
    rig,
    sender: (script) => senders.add(script),
    receive: (sources, options) =>
      streamInstallGame({
        gameId: GGOO,
        root: rig.root,
        stateDir: rig.stateDir,
        manifest: MANIFEST,
        digests: null,
        sources,
        logger: rig.logger,
        ...options,
      }),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** It fails, and games and state are what they were before. Returns its error. */
export async function failureOf({ rig }: Receiving, operation: () => Promise<unknown>): Promise<PeerError> {
  const look = async () => ({ games: await tree(rig.gamesDir), intent: await tree(rig.stateDir.gamesDir) });
  const before = await look();
  const error: unknown = await operation().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  const after = await look();
  expect(after.games).toEqual(before.games);
  // The directory of the game's state stays.
  expect(Object.keys(after.intent).filter((path) => !path.endsWith("/"))).toEqual(
    Object.keys(before.intent).filter((path) => !path.endsWith("/")),
  );
  expect(error).toBeInstanceOf(PeerError);
  return error as PeerError;
}

/** The game is there, and nothing else. */
export async function expectInstalled({ rig }: Receiving): Promise<void> {
  const local = join(rig.root, "local");
  expect((await readFile(join(local, "data/level.bin"))).equals(LEVEL)).toBe(true);
  expect(Object.keys(await tree(local))).toEqual([
    "data/",
    "data/empty.txt",
    "data/level.bin",
    "game.exe",
    "saves/",
  ]);
  expect(await namesIn(rig.root)).toEqual(["local"]);
  expect(await namesIn(rig.stateDir.gameDir(GGOO))).toEqual(["installed.json"]);
  expect(openFilesBelow(rig.gamesDir)).toEqual([]);
}

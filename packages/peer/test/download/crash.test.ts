import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { createRandom, type TemporaryDirectory, temporaryDirectory } from "@lanspread/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type DownloadStep, downloadGame, recoverDownloads } from "../../src/download/index.ts";
import { openStateDir } from "../../src/storage/index.ts";
import { isOldSentinel, newGame, OBSTRUCTING_FILES, OLD_FILES } from "./crash-games.ts";
import {
  askedPieces,
  createSource,
  createSourceGame,
  type Files,
  GGOO,
  hasWholeGame,
  MIB,
  peer,
  type SourceGame,
} from "./support.ts";

const CHILD = fileURLToPath(new URL("./crash-child.ts", import.meta.url));

const STEPS: readonly DownloadStep[] = [
  "journal-written",
  "sentinel-discarded",
  "files-created",
  "pieces-flushed",
  "all-flushed",
  "old-files-removed",
  "sentinel-written",
  "discarded-removed",
  "journal-removed",
];

/** Steps from which on every byte is noted as flushed: only `version.ini`, which is not on disk, is fetched again. */
const NOTHING_LOST: ReadonlySet<DownloadStep> = new Set([
  "pieces-flushed",
  "all-flushed",
  "old-files-removed",
]);

/** Steps from which on the game is there. */
const COMMITTED: ReadonlySet<DownloadStep> = new Set([
  "sentinel-written",
  "discarded-removed",
  "journal-removed",
]);

let gameDir: TemporaryDirectory;
let game: SourceGame;

beforeAll(async () => {
  gameDir = await temporaryDirectory();
  game = await newGame(gameDir.path);
});

afterAll(() => gameDir[Symbol.asyncDispose]());

/** Downloads in a process of its own, which is killed at a step, or when `moment` ends. */
async function killedDownload(dir: string, stopAt: string, moment: () => Promise<void>): Promise<boolean> {
  const child = spawn(process.execPath, ["--conditions=source", CHILD, gameDir.path, dir, stopAt, "15"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  // With the last line that it has written: its exit alone may be told first.
  const closed = once(child, "close");
  const { promise: stopped, resolve } = Promise.withResolvers<"at" | "done">();
  const { promise: ready, resolve: isReady } = Promise.withResolvers<void>();
  createInterface({ input: child.stdout }).on("line", (line) => {
    if (line === "ready") isReady();
    else resolve(line === "done" ? "done" : "at");
  });
  await Promise.race([ready, closed]);
  const how = await Promise.race([stopped, closed.then(() => "exited" as const), moment()]);
  child.kill("SIGKILL");
  const [code, signal] = await closed;
  if (how === "exited") throw new Error(`the child ended by itself: ${code}`);
  return how === "done" || signal === null;
}

/** Pieces of one unit: one may be written before it is noted that it was begun. */
const PIECES_OF_UNIT = 8;

/** Pieces of the new version that are on disk and are not those of the old version's files. */
async function rightPieces(root: string, old: SourceGame | null): Promise<number> {
  let right = 0;
  for (const [path, content] of game.files) {
    const bytes = await readFile(join(root, path)).catch(() => Buffer.alloc(0));
    if (bytes.length !== content.length || old?.files.get(path)?.equals(bytes) === true) continue;
    for (let offset = 0; offset < content.length; offset += MIB) {
      if (bytes.subarray(offset, offset + MIB).equals(content.subarray(offset, offset + MIB))) right += 1;
    }
  }
  return right;
}

const never = (): Promise<void> => new Promise(() => {});

/** Whatever happened: where there is a sentinel, all the bytes of its version are there. */
async function expectHonestRoot(root: string, old: SourceGame | null): Promise<void> {
  const names = await readdir(root).catch((): string[] => []);
  if (!names.includes("version.ini")) return;
  const text = await readFile(join(root, "version.ini"), "utf8");
  if (old !== null && isOldSentinel(text)) expect(await hasWholeGame(root, old)).toBe(true);
  else expect(await hasWholeGame(root, game)).toBe(true);
}

async function setUp(dir: string, oldFiles: Files | null) {
  await mkdir(join(dir, "games"));
  const root = join(dir, "games", GGOO);
  const old = oldFiles === null ? null : await createSourceGame(root, oldFiles);
  await mkdir(join(root, "local"), { recursive: true });
  await writeFile(join(root, "local/save"), "mine");
  return { root, old };
}

/** Recovers, downloads to the end, and looks whether everything is as it should be. @returns pieces that were asked for */
async function recoverAndFinish(dir: string, old: SourceGame | null): Promise<number> {
  const root = join(dir, "games", GGOO);
  const stateDir = await openStateDir(join(dir, "state"));
  await recoverDownloads({
    gamesDir: join(dir, "games"),
    stateDir,
    isBusy: () => false,
  });
  await expectHonestRoot(root, old);
  const source = createSource(peer(2), game);
  await downloadGame({
    gameId: GGOO,
    root,
    gamesDir: join(dir, "games"),
    manifest: game.manifest,
    digests: game.digests,
    sources: [source],
    stateDir,
  });
  expect(await hasWholeGame(root, game)).toBe(true);
  expect((await readdir(root)).sort()).toEqual([
    "data",
    "empty",
    "game.eti",
    "local",
    "new.eti",
    "version.ini",
  ]);
  expect(await readFile(join(root, "local/save"), "utf8")).toBe("mine");
  expect(await readdir(stateDir.gameDir(GGOO))).toEqual([]);
  return askedPieces(source, game);
}

describe.each([
  { name: "a first download", oldFiles: null, steps: STEPS },
  {
    name: "an update",
    oldFiles: OLD_FILES,
    steps: [...STEPS, "old-version-touched" as const],
  },
  {
    name: "an update with files in the way",
    oldFiles: OBSTRUCTING_FILES,
    steps: ["old-version-touched", "way-cleared", "files-created", "all-flushed"] as const,
  },
])("$name that is killed", ({ oldFiles, steps }) => {
  it.each(steps)("at %s goes on", async (step) => {
    await using dir = await temporaryDirectory();
    const { root, old } = await setUp(dir.path, oldFiles);
    await killedDownload(dir.path, step, never);
    await expectHonestRoot(root, old);
    if (COMMITTED.has(step)) {
      const stateDir = await openStateDir(dir.join("state"));
      await recoverDownloads({
        gamesDir: dir.join("games"),
        stateDir,
        isBusy: () => false,
      });
      expect(await hasWholeGame(root, game)).toBe(true);
      expect(await readdir(root)).not.toContain(".version.ini.discarded");
      return;
    }
    const asked = await recoverAndFinish(dir.path, old);
    if (NOTHING_LOST.has(step)) expect(asked).toBe(1);
  });

  it("at any moment, again and again, goes on and fetches little twice", async () => {
    const random = createRandom(oldFiles === null ? 7 : 8);
    for (let round = 0; round < 3; round++) {
      await using dir = await temporaryDirectory();
      const { root, old } = await setUp(dir.path, oldFiles);
      for (let ended = false, kills = 0; !ended && kills <= round; kills++) {
        ended = await killedDownload(dir.path, "-", () => delay(5 + random() * 150));
        await expectHonestRoot(root, old);
      }
      const committed = (await readdir(root)).includes("version.ini");
      const missing = game.digests.length / 32 - (await rightPieces(root, old));
      const asked = await recoverAndFinish(dir.path, old);
      // What had come whole since the last flush was found again.
      if (!committed) expect(asked).toBeLessThanOrEqual(missing + PIECES_OF_UNIT);
    }
  });
});

import { createHash } from "node:crypto";
import { cp, lstat, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { KnownGame } from "../library/fixtures.ts";
import { CNCTW } from "../library/games.ts";
import type { GamePlan } from "../library/make-game.ts";
import { same } from "../proofs/on-disk.ts";
import { equal, prove } from "../proofs/prove.ts";
import type { Scenario } from "../scenario.ts";
import { unfinishedIn } from "../soak/leftovers.ts";
import type { Stage } from "../stage/stage.ts";
import type { StagePeer } from "../stage/stage-peer.ts";
import { differences, digestTree, type FileDigest, type TreeDigest } from "../tree-digest.ts";
import { type Change, stepsIn } from "./trace.ts";

const DIE_AT = fileURLToPath(new URL("../soak/download/die-at.ts", import.meta.url));
const DIE_VARIABLE = "LANSPREAD_SOAK_DIE";
const DEATH_DEADLINE_MS = 30_000;

const MIB = 1_048_576;

const GAME = CNCTW.id;
/** Lacks a file of the old version, brings one that that has not, and has other bytes in the one that both have. */
const NEWER: GamePlan = {
  ...CNCTW,
  version: "20250101",
  archives: { "cnctw.eti": { files: { "CNC3.exe": MIB + 9, "Data/Maps/official/map 2.big": 3 * MIB + 13 } } },
  seed: 550,
};
/** What the user makes in `local/`, and changes there: the newer version has no such file. */
const MINE = { "local/save.dat": "my save", "local/Data/empty.ini": "my settings" };
/** Beside `version.ini`. */
const PAYLOAD = [...Object.keys(CNCTW.archives), ...Object.keys(CNCTW.loose ?? {})];

/** A whole state of a game. */
interface State {
  /** Every file of its root; none where that is gone. */
  readonly root: TreeDigest;
  /** The version that is noted as what made `local/`: by that an update knows what is the user's. Null where nothing is installed. */
  readonly installed: string | null;
}

/** What the whole states of a game's root consist of, known from what the games were made of. */
interface Trees {
  readonly old: KnownGame;
  readonly newer: KnownGame;
  /** What the user has made and changed in `local/`. */
  readonly mine: TreeDigest;
}

/** One operation that is killed at each of its steps. */
interface Case {
  readonly command: "install" | "uninstall" | "remove-download";
  readonly name: string;
  /** Steps that it has at least, in this order: where one is not in its trace, it would not be killed there. */
  readonly mainSteps: readonly string[];
  /** Brings a peer that has the downloaded game to where the operation begins. */
  readonly prepare: (stage: Stage, peer: StagePeer) => Promise<void>;
  /** What it begins with, and what it ends with. */
  readonly states: (trees: Trees) => readonly [before: State, done: State];
}

const CASES: readonly Case[] = [
  {
    name: "install",
    command: "install",
    mainSteps: [
      "rename install_intent.json",
      "mkdir .local.installing",
      "rename local",
      "remove install_intent.json",
    ],
    prepare: async () => {},
    states: ({ old }) => [
      { root: old.root, installed: null },
      { root: joined(old.root, inLocal(old)), installed: CNCTW.version },
    ],
  },
  {
    name: "uninstall",
    command: "uninstall",
    mainSteps: [
      "rename install_intent.json",
      "rename .local.backup",
      "remove .local.backup",
      "remove install_intent.json",
    ],
    prepare: (_, peer) => installAndPlay(peer),
    states: ({ old, mine }) => [
      { root: joined(old.root, inLocal(old), mine), installed: CNCTW.version },
      { root: old.root, installed: null },
    ],
  },
  {
    name: "update",
    command: "install",
    mainSteps: [
      "rename install_intent.json",
      "rename .local.backup",
      "mkdir .local.installing",
      "rename local",
      "remove .local.backup",
      "remove install_intent.json",
    ],
    prepare: async (stage, peer) => {
      await installAndPlay(peer);
      await peer.shutdown();
      await replaceDownload(stage, peer);
      await peer.start();
    },
    states: ({ old, newer, mine }) => [
      { root: joined(newer.root, inLocal(old), mine), installed: CNCTW.version },
      { root: joined(newer.root, inLocal(newer), mine), installed: NEWER.version },
    ],
  },
  {
    name: "remove",
    command: "remove-download",
    mainSteps: [
      "rename install_intent.json",
      "rename removal.json",
      "rename .version.ini.discarded",
      "remove cnctw.eti",
      "remove removal.json",
      "remove install_intent.json",
    ],
    prepare: async () => {},
    states: ({ old }) => [
      { root: old.root, installed: null },
      { root: new Map(), installed: null },
    ],
  },
];

/** Kills at every step of what changes `local/` and the root. */
export const CRASHES: readonly Scenario[] = [
  {
    id: "S49",
    cores: 3,
    deadlineMs: 600_000,
    async run(stage) {
      const trees = { old: await stage.know(CNCTW), newer: await stage.know(NEWER), mine: treeOfMine() };
      const said = await Promise.all(CASES.map((each) => killAtEachStep(stage, each, trees)));
      return said.join("; ");
    },
  },
];

async function killAtEachStep(stage: Stage, each: Case, trees: Trees): Promise<string> {
  const { name, command, prepare } = each;
  const peer = await stage.peer(name, {
    games: [CNCTW],
    nodeArgs: ["--import", DIE_AT],
    // Nobody is there to be served: some hundred starts are quicker without the threads for that, and without each other.
    args: ["--lanes", "0"],
    party: `${stage.party}-${name}`,
  });
  await prepare(stage, peer);
  await peer.shutdown();
  const snapshot = join(stage.directory, `${name}-snapshot`);
  await mkdir(snapshot);
  for (const folder of ["games", "state"] as const) await copyTree(peer[folder], join(snapshot, folder));

  // Whole states that a recovery may lead to.
  const [before, done] = each.states(trees);
  const allowed = [before, done];
  same(`${name} begins with`, before.root, await treeOf(peer));
  const steps = await traceOf(peer, command);
  same(`${name} ends with`, done.root, await treeOf(peer));
  requireInOrder(name, each.mainSteps, steps);
  const tally = allowed.map(() => 0);
  for (const { operation, file, nth } of steps) {
    for (const when of ["before", "after"]) {
      const order = `${when} ${operation} ${file} ${nth}`;
      for (const folder of ["games", "state"] as const) {
        await rm(peer[folder], { recursive: true });
        await copyTree(join(snapshot, folder), peer[folder]);
      }
      await peer.start({ env: { [DIE_VARIABLE]: order } });
      await peer.send({ cmd: command, game_id: GAME }).catch(() => {});
      await peer.dies(DEATH_DEADLINE_MS);
      await peer.start();
      await peer.until(`${name}: a first look after ${order}`, () =>
        peer.harness.events.some(({ event }) => event === "local-library-changed"),
      );
      // What has to go to the end of its own accord, such as a removal, does so before the peer says that it is at rest.
      await peer.shutdown();
      const tree = await treeOf(peer);
      const index = allowed.findIndex(({ root }) => differences(root, tree).length === 0);
      const wrong = allowed.map(({ root }) => differences(root, tree).join(", ")).join(" | ");
      prove(index >= 0, `${name} killed ${order} ends in a whole state: ${wrong}`);
      tally[index] = (tally[index] ?? 0) + 1;
      equal(`${name} killed ${order} leaves`, await leftoversOf(peer), []);
      equal(`${name} killed ${order}, installed`, await installedVersion(peer), allowed[index]?.installed);
    }
  }
  prove(
    !tally.includes(0),
    `${name} is killed before its point of no return and behind it: ${tally.join(", ")}`,
  );
  return `${name}: ${steps.length * 2} kills, ${tally[0]} times as before, ${tally[1]} times done`;
}

/** Each of the main steps is in the trace, and behind the one before it. */
function requireInOrder(name: string, mainSteps: readonly string[], steps: readonly Change[]): void {
  let at = 0;
  for (const main of mainSteps) {
    const found = steps.findIndex(
      ({ operation, file }, index) => index >= at && `${operation} ${file}` === main,
    );
    const all = steps.map(({ operation, file }) => `${operation} ${file}`).join(", ");
    prove(found >= 0, `${name} has the step ${main} in its place: ${all}`);
    at = found + 1;
  }
}

/** What a recovery has not cleared away. A temporary name in the state directory is replaced when its file is next written. */
async function leftoversOf(peer: StagePeer): Promise<readonly string[]> {
  const inState = await unfinishedIn(peer.state);
  return [...(await unfinishedIn(peer.games)), ...inState.filter((path) => !path.endsWith(".tmp"))];
}

/** Runs the operation to its end and returns the steps that it consisted of. */
async function traceOf(peer: StagePeer, command: string): Promise<readonly Change[]> {
  const offset = (await lstat(peer.logFile)).size;
  await peer.start({ env: { [DIE_VARIABLE]: "trace" } });
  const operation = await peer.begin({ cmd: command, game_id: GAME });
  const end = await operation.ended();
  prove(
    end.event.endsWith("-finished"),
    `${command} works undisturbed: ${end.event} ${JSON.stringify(end.data)}`,
  );
  await peer.shutdown();
  const log = await readFile(peer.logFile);
  return stepsIn(log.subarray(offset).toString("utf8"), PAYLOAD);
}

/** The version that the state directory has noted as installed. */
async function installedVersion({ state }: StagePeer): Promise<string | null> {
  try {
    const list = await readFile(join(state, "games", GAME, "installed.json"), "utf8");
    return (JSON.parse(list) as { readonly version: string }).version;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

async function installAndPlay(peer: StagePeer): Promise<void> {
  await (await peer.begin({ cmd: "install", game_id: GAME })).endsWith("install-finished");
  for (const [path, text] of Object.entries(MINE)) await writeFile(peer.path(GAME, path), text);
}

function treeOfMine(): TreeDigest {
  const digestOf = (text: string): FileDigest => ({
    size: Buffer.byteLength(text),
    sha256: createHash("sha256").update(text).digest("hex"),
  });
  return new Map(Object.entries(MINE).map(([path, text]) => [path, digestOf(text)]));
}

/** The files that an install of the game makes, by their paths in its root. */
function inLocal({ local }: KnownGame): TreeDigest {
  return new Map([...local].map(([path, digest]) => [`local/${path}`, digest]));
}

/** All files of several trees; of one that is in two, the later. */
function joined(...trees: readonly TreeDigest[]): TreeDigest {
  return new Map(trees.flatMap((tree) => [...tree]));
}

/** Puts the newer download in place of the old one, beside the old `local/`. */
async function replaceDownload(stage: Stage, peer: StagePeer): Promise<void> {
  const staging = join(stage.directory, "newer");
  await mkdir(staging);
  await stage.place(NEWER, staging);
  await rename(peer.path(GAME, "local"), join(staging, GAME, "local"));
  await rm(peer.path(GAME), { recursive: true });
  await rename(join(staging, GAME), peer.path(GAME));
}

/** Every file of the game's root by its digest; none where it is gone. */
async function treeOf(peer: StagePeer): Promise<TreeDigest> {
  return digestTree(peer.path(GAME)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return new Map();
    throw error;
  });
}

function copyTree(from: string, to: string): Promise<void> {
  return cp(from, to, { recursive: true, preserveTimestamps: true });
}

import { cp, lstat, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CNCTW } from "../library/games.ts";
import type { GamePlan } from "../library/make-game.ts";
import { equal, prove } from "../proofs/prove.ts";
import type { Scenario } from "../scenario.ts";
import { unfinishedIn } from "../soak/leftovers.ts";
import type { Stage } from "../stage/stage.ts";
import type { StagePeer } from "../stage/stage-peer.ts";
import { differences, digestTree, type TreeDigest } from "../tree-digest.ts";
import { type Change, stepsIn } from "./trace.ts";

const DIE_AT = fileURLToPath(new URL("../soak/download/die-at.ts", import.meta.url));
const DIE_VARIABLE = "LANSPREAD_SOAK_DIE";
const DEATH_DEADLINE_MS = 30_000;

const GAME = CNCTW.id;
const NEWER: GamePlan = { ...CNCTW, version: "20250101", seed: 550 };
const SAVED_GAME = "save.dat";

/** One operation that is killed at each of its steps. */
interface Case {
  readonly command: "install" | "uninstall" | "remove-download";
  readonly name: string;
  /** Brings a peer that has the downloaded game to where the operation begins. */
  readonly prepare: (stage: Stage, peer: StagePeer) => Promise<void>;
}

const CASES: readonly Case[] = [
  { name: "install", command: "install", prepare: async () => {} },
  { name: "uninstall", command: "uninstall", prepare: (_, peer) => installAndPlay(peer) },
  {
    name: "update",
    command: "install",
    prepare: async (stage, peer) => {
      await installAndPlay(peer);
      await peer.shutdown();
      await replaceDownload(stage, peer);
      await peer.start();
    },
  },
  { name: "remove", command: "remove-download", prepare: async () => {} },
];

/** Kills at every step of what changes `local/` and the root. */
export const CRASHES: readonly Scenario[] = [
  {
    id: "S49",
    cores: 3,
    deadlineMs: 600_000,
    async run(stage) {
      const said = await Promise.all(CASES.map((each) => killAtEachStep(stage, each)));
      return said.join("; ");
    },
  },
];

async function killAtEachStep(stage: Stage, { name, command, prepare }: Case): Promise<string> {
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

  const before = await treeOf(peer);
  const steps = await traceOf(peer, command);
  const after = await treeOf(peer);
  // Whole states that a recovery may lead to: files of the root, `local/` among them; none where the root is gone.
  const allowed = [before, after];
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
      const index = allowed.findIndex((want) => differences(want, tree).length === 0);
      const wrong = allowed.map((want) => differences(want, tree).join(", ")).join(" | ");
      prove(index >= 0, `${name} killed ${order} ends in a whole state: ${wrong}`);
      tally[index] = (tally[index] ?? 0) + 1;
      equal(`${name} killed ${order} leaves`, await unfinishedIn(peer.path()), []);
    }
  }
  return `${name}: ${steps.length * 2} kills, ${tally[0]} times as before, ${tally[1]} times done`;
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
  return stepsIn(log.subarray(offset).toString("utf8"));
}

async function installAndPlay(peer: StagePeer): Promise<void> {
  await (await peer.begin({ cmd: "install", game_id: GAME })).endsWith("install-finished");
  await writeFile(peer.path(GAME, "local", SAVED_GAME), "my save");
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

/**
 * Starts and stops a peer again and again, each time a little later, and tells what was still being read or written at
 * the moment when `stop()` had ended: a host may end the process then.
 */
import { type FileHandle, open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay, setImmediate as nextTurn } from "node:timers/promises";
import { asGameId } from "@lanspread/proto";
import { startPeer } from "../../src/index.ts";

export interface StopPlan {
  readonly gamesDir: string;
  /** Every round has its own below. */
  readonly stateDirs: string;
  readonly rounds: number;
  /** A game that is installed and uninstalled meanwhile. */
  readonly gameId: string;
}

export interface StopReport {
  readonly round: number;
  /** Requests to the file system that had not ended. */
  readonly unfinished: readonly string[];
  readonly flushes: number;
  /** Temporary files that lay in the state directory. */
  readonly temporary: readonly string[];
  /** Flushes that were under way when `stop()` was called. */
  readonly interrupted: number;
}

/** By how many flushes a round is ended later than the one before: some files and their directories. */
const FLUSHES_PER_ROUND = 4;
/** How often a round looks whether it has come to its end. */
const LOOK_MS = 2;
/** A peer that writes nothing for so long writes nothing at all. */
const PATIENCE_MS = 20_000;

/** Longer than the end of a peer takes by itself: a write that nobody waits for cannot be over by chance. */
const SLOW_DISK_MS = 60;

/** Lets every flush of a running peer take as long as on a slow disk. */
async function slowDisk(): Promise<{
  slow: boolean;
  readonly begun: () => number;
  readonly flushing: () => number;
}> {
  await using file = await open(process.execPath);
  const { prototype }: { prototype: FileHandle } = Object.getPrototypeOf(file).constructor;
  const sync = prototype.sync;
  let begun = 0;
  let flushing = 0;
  const disk = { slow: false, begun: () => begun, flushing: () => flushing };
  prototype.sync = async function (this: FileHandle): Promise<void> {
    begun += 1;
    flushing += 1;
    try {
      if (disk.slow) await delay(SLOW_DISK_MS);
      await sync.call(this);
    } finally {
      flushing -= 1;
    }
  };
  return disk;
}

const plan = JSON.parse(process.argv[2] ?? "") as StopPlan;
const disk = await slowDisk();
const reports: StopReport[] = [];
for (let round = 0; round < plan.rounds; round += 1) {
  const stateDir = join(plan.stateDirs, String(round));
  const peer = await startPeer({
    gamesDir: plan.gamesDir,
    stateDir,
    discovery: null,
    listen: "127.0.0.1:0",
  });
  disk.slow = true;
  if (round % 2 === 1) {
    const gameId = asGameId(plan.gameId);
    const installed = peer.snapshot().localGames.some((game) => game.installed);
    // Refused where the peer stops first.
    peer.send({ type: installed ? "uninstall-game" : "install-game", gameId }).catch(() => {});
  }
  // At the first write, at the third, and so on: every round is ended a little later.
  const begun = disk.begun() + round * FLUSHES_PER_ROUND;
  const late = performance.now() + PATIENCE_MS;
  while (disk.begun() < begun && performance.now() < late) await delay(LOOK_MS);
  const interrupted = disk.flushing();
  await peer.stop();
  disk.slow = false;
  // A request counts until the turn in which it is told to have ended is over.
  await nextTurn();
  const unfinished = process.getActiveResourcesInfo().filter((name) => /^FS|^File/u.test(name));
  const names = await readdir(stateDir, { recursive: true });
  reports.push({
    round,
    unfinished,
    flushes: disk.flushing(),
    temporary: names.filter((name) => name.endsWith(".tmp")),
    interrupted,
  });
}
process.stdout.write(JSON.stringify(reports));

import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { readdir, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mountPoints, removeOrphanNamespaces } from "@lanspread/testkit";
import { type RunId, runnerOf, runOfEnvironment, runOfFolder } from "./run-id.ts";

/** What was found of earlier runs, and removed. */
export interface Leftovers {
  readonly processes: readonly number[];
  readonly folders: readonly string[];
  /** Folders that could not be removed, such as those of somebody else's run, and why: one sentence each. */
  readonly stuck: readonly string[];
}

const REMOVAL = { recursive: true, force: true, maxRetries: 5, retryDelay: 100 } as const;

/** Processes that belong to a run, whoever started them. Of Linux; none elsewhere. */
export function processesOf(run: RunId): readonly number[] {
  return runningProcesses()
    .filter((found) => found.run === run)
    .map(({ pid }) => pid);
}

/**
 * The last resort, without waiting for anybody: ends every process of a runner's scenarios and removes its folder, with what is mounted
 * there.
 *
 * @throws Error for what stays of the folder; everything has been told to end by then
 */
export function removeNow(runner: number, folder: string | undefined): void {
  for (const { pid, run } of runningProcesses()) if (runnerOf(run) === runner) kill(pid);
  if (folder === undefined || !existsSync(folder)) return;
  // The table of mounts has no link in it.
  for (const mount of mountsBelow(realpathSync(folder))) unmount(mount);
  rmSync(folder, REMOVAL);
}

/** Ends and removes what runs have left whose runner is gone. Nothing is touched that is not named by a run. */
export async function removeLeftovers(): Promise<Leftovers> {
  const isOrphan = (run: RunId): boolean => {
    const runner = runnerOf(run);
    return runner !== undefined && !isRunning(runner);
  };
  const processes = runningProcesses()
    .filter(({ run }) => isOrphan(run))
    .map(({ pid }) => pid);
  for (const pid of processes) kill(pid);
  removeOrphanNamespaces();
  const folders: string[] = [];
  const stuck: string[] = [];
  // The table of mounts has no link in it.
  const place = await realpath(tmpdir());
  for (const name of await readdir(place)) {
    const run = runOfFolder(name);
    if (run === undefined || !isOrphan(run)) continue;
    const folder = join(place, name);
    try {
      for (const mount of mountsBelow(folder)) unmount(mount);
      await rm(folder, REMOVAL);
      folders.push(folder);
    } catch (error) {
      stuck.push(`${folder}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { processes, folders, stuck };
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Not ours to signal, and so there.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** kill -9, of what may have ended by itself meanwhile. */
export function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

function runningProcesses(): readonly { readonly pid: number; readonly run: RunId }[] {
  if (!existsSync("/proc/self/environ")) return [];
  const pids = readdirSync("/proc")
    .map(Number)
    .filter((pid) => pid > 0 && pid !== process.pid);
  return pids.flatMap((pid) => {
    const run = runOfEnvironment(environmentOf(pid));
    return run === undefined ? [] : [{ pid, run }];
  });
}

/** Empty where it ends at this very moment, or is somebody else's. */
function environmentOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8");
  } catch {
    return "";
  }
}

/** Mount points below a folder, the deepest first. */
function mountsBelow(folder: string): readonly string[] {
  const points = mountPoints().filter((point) => point.startsWith(`${folder}/`));
  return points.sort((a, b) => b.length - a.length);
}

function unmount(point: string): void {
  // Lazily: a file that is still open must not keep the mount point for ever.
  execFileSync("umount", ["--lazy", point], { stdio: "ignore" });
}

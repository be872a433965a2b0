import { readdir, readFile, readlink } from "node:fs/promises";
import { platform } from "node:process";
import { expect } from "vitest";
import { runningThreads } from "../running-threads.ts";

/** Threads that the engine starts when it likes, and keeps. */
const OF_THE_ENGINE = new Set(["V8Worker", "libuv-worker", "node", "DelayedTaskSche"]);

export interface Leftovers {
  /** Throws where threads, child processes or files below the directory are left that were not there before. */
  expectNone(): Promise<void>;
}

/** Looks at what this process has open and running. Only Linux tells it. */
export async function watchLeftovers(directory: string): Promise<Leftovers> {
  if (platform !== "linux") return { expectNone: async () => {} };
  const before = await look(directory);
  return {
    expectNone: async () => expect(await look(directory), "what is left open or running").toEqual(before),
  };
}

async function look(directory: string) {
  const threads = runningThreads().filter((name) => !OF_THE_ENGINE.has(name));
  const children: string[] = [];
  for (const task of await readdir("/proc/self/task")) {
    const told = await readOrNothing(`/proc/self/task/${task}/children`);
    children.push(...told.split(" ").filter(Boolean));
  }
  const files: string[] = [];
  for (const descriptor of await readdir("/proc/self/fd")) {
    const target = await readlink(`/proc/self/fd/${descriptor}`).catch(() => "");
    if (target.startsWith(directory)) files.push(target);
  }
  return { threads: threads.sort(), children: children.sort(), files };
}

/** What ends while it is looked at is not there. */
async function readOrNothing(path: string): Promise<string> {
  return (await readFile(path, "utf8").catch(() => "")).trim();
}

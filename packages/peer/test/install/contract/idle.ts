import { readdir, readFile } from "node:fs/promises";
import { cpuUsage } from "node:process";
import { setTimeout as pause } from "node:timers/promises";

/** Pause between two looks, in milliseconds. */
const LOOK_MS = 20;
/** Looks in a row that find nothing at work. */
const QUIET_LOOKS = 5;
/** Computing time in that pause, in milliseconds, that looking itself may cost. */
const COST_OF_LOOKING_MS = 4;
/** Steps per second in which Linux counts computing time. */
const TICKS_PER_SECOND = 100;

/** Resolves when this process, its threads and its child processes have no more to do than this. */
export async function untilIdle(): Promise<void> {
  let before = await computedMs();
  for (let quiet = 0; quiet < QUIET_LOOKS; ) {
    await pause(LOOK_MS);
    const now = await computedMs();
    quiet = now - before <= COST_OF_LOOKING_MS ? quiet + 1 : 0;
    before = now;
  }
}

async function computedMs(): Promise<number> {
  const { user, system } = cpuUsage();
  return (user + system) / 1000 + (await computedByChildrenMs());
}

async function computedByChildrenMs(): Promise<number> {
  const tasks = await readdir("/proc/self/task").catch(() => []);
  let ticks = 0;
  for (const task of tasks) {
    const children = await readFile(`/proc/self/task/${task}/children`, "utf8").catch(() => "");
    for (const child of children.split(" ").filter(Boolean)) {
      const about = await readFile(`/proc/${child}/stat`, "utf8").catch(() => "");
      // Behind the name, which may hold anything: fields 3 and so on; user and system time are 14 and 15.
      const fields = about.slice(about.lastIndexOf(")") + 2).split(" ");
      ticks += Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
    }
  }
  return (ticks / TICKS_PER_SECOND) * 1000;
}

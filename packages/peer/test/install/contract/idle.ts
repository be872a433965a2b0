import { readdirSync, readFileSync } from "node:fs";
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
  let before = computedMs();
  for (let quiet = 0; quiet < QUIET_LOOKS; ) {
    await pause(LOOK_MS);
    const now = computedMs();
    quiet = now - before <= COST_OF_LOOKING_MS ? quiet + 1 : 0;
    before = now;
  }
}

/** Reads by the own thread: asking Node's others for some thirty files would cost more than it may. */
function computedMs(): number {
  const { user, system } = cpuUsage();
  return (user + system) / 1000 + computedByChildrenMs();
}

function computedByChildrenMs(): number {
  let ticks = 0;
  for (const task of orNothing(() => readdirSync("/proc/self/task"), [])) {
    const children = textOf(`/proc/self/task/${task}/children`);
    for (const child of children.split(" ").filter(Boolean)) {
      const about = textOf(`/proc/${child}/stat`);
      // Behind the name, which may hold anything: fields 3 and so on; user and system time are 14 and 15.
      const fields = about.slice(about.lastIndexOf(")") + 2).split(" ");
      ticks += Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
    }
  }
  return (ticks / TICKS_PER_SECOND) * 1000;
}

/** What has ended, or is nowhere but on Linux, has nothing to tell. */
function textOf(path: string): string {
  return orNothing(() => readFileSync(path, "utf8"), "");
}

function orNothing<T>(read: () => T, nothing: T): T {
  try {
    return read();
  } catch {
    return nothing;
  }
}

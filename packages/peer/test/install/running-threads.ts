import { readdirSync, readFileSync } from "node:fs";

/** Flag of a thread (proc_pid_stat(5), field 9) that runs nothing of the program any more, and is about to be gone. */
const PF_EXITING = 0x4;

/**
 * Names of the threads of this process that run. Linux alone names threads; elsewhere there are none.
 *
 * The system wakes who waits for a thread's end before it has taken it off its list: where processors are scarce it stands there for a
 * while longer.
 */
export function runningThreads(): string[] {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc/self/task").flatMap((thread) => {
    const about = readOrNothing(`/proc/self/task/${thread}/stat`);
    // Behind the name, which may hold anything, come the fields from the third one on.
    const end = about.lastIndexOf(")");
    const flags = Number(about.slice(end + 2).split(" ")[6] ?? PF_EXITING);
    return (flags & PF_EXITING) === 0 ? [about.slice(about.indexOf("(") + 1, end)] : [];
  });
}

/** What ends while it is looked at is not there. */
function readOrNothing(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

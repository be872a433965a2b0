/** Something to be run, and how many processors it keeps busy. */
export interface Task {
  readonly cores: number | "all";
  run(): Promise<void>;
}

/**
 * Runs tasks beside each other as far as `cores` processors allow. First those that mostly wait, which take long and little
 * room, then those that need the most room, so that small ones fill what is left at the end; one that does not fit yet lets
 * others go first. Those that want all run alone, behind the others. Rejects with the first rejection, when nothing runs any more.
 */
export async function runTasks(tasks: readonly Task[], cores: number): Promise<void> {
  const size = (task: Task): number => (task.cores === "all" ? cores : Math.min(task.cores, cores));
  const rank = (task: Task): number => {
    if (task.cores === "all") return cores + 1;
    return size(task) < 1 ? 0 : cores + 1 - size(task);
  };
  const waiting = tasks.toSorted((a, b) => rank(a) - rank(b));
  const running = new Set<Promise<void>>();
  const failures: unknown[] = [];
  let used = 0;
  const startNext = (): boolean => {
    const index = waiting.findIndex((task) =>
      task.cores === "all" ? running.size === 0 : used + size(task) <= cores,
    );
    const [task] = index < 0 || failures.length > 0 ? [] : waiting.splice(index, 1);
    if (task === undefined) return false;
    used += size(task);
    const run = task
      .run()
      .catch((error: unknown) => void failures.push(error))
      .then(() => {
        used -= size(task);
        running.delete(run);
      });
    running.add(run);
    return true;
  };
  for (;;) {
    while (startNext());
    if (running.size === 0) break;
    await Promise.race(running);
  }
  if (failures.length > 0) throw failures[0];
}

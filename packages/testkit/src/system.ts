import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";

/** Runs a program of the system and returns what it printed. Throws with what it complained about. */
export function run(command: string, ...args: string[]): string {
  try {
    return execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  } catch (error) {
    const complaint: unknown = error instanceof Error ? Reflect.get(error, "stderr") : undefined;
    throw new Error(`${command} ${args.join(" ")}: ${String(complaint ?? error).trim()}`, { cause: error });
  }
}

/** As {@link run}; what goes wrong is left alone: for clean-up, where the thing may be gone already. */
export function tryRun(command: string, ...args: string[]): void {
  try {
    execFileSync(command, args, { stdio: "ignore" });
  } catch {
    // Gone already, or not ours to remove.
  }
}

/** Why the tests cannot do what only root on Linux can, or undefined where they can. */
export function rootUnavailable(): string | undefined {
  if (process.platform !== "linux") return "needs Linux";
  return process.getuid?.() === 0 ? undefined : "needs root";
}

/** Whether a process with this id runs. */
export function isRunning(pid: number): boolean {
  return existsSync(`/proc/${pid}`);
}

/** Names in a directory; none where it does not exist. */
export function namesIn(directory: string): string[] {
  return existsSync(directory) ? readdirSync(directory) : [];
}

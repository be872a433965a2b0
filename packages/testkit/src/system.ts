import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";

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

const MOUNT_TABLE = "/proc/self/mounts";

/** Where something is mounted; nowhere on systems that do not tell. */
export function mountPoints(): string[] {
  const table = existsSync(MOUNT_TABLE) ? readFileSync(MOUNT_TABLE, "utf8") : "";
  const fields = table.split("\n").map((line) => line.split(" ")[1] ?? "");
  // fstab(5), proc(5): what would part the fields of a line is written as three octal digits.
  return fields.map((field) =>
    field.replace(/\\([0-7]{3})/gu, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8))),
  );
}

/** Names in a directory; none where it does not exist. */
export function namesIn(directory: string): string[] {
  return existsSync(directory) ? readdirSync(directory) : [];
}

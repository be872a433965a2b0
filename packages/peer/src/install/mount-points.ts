import { readFile, realpath } from "node:fs/promises";
import { sep } from "node:path";

/** What is mounted where, as Linux says it of this process (proc_pid_mountinfo(5)). */
const MOUNT_TABLE = "/proc/self/mountinfo";
/** Number of the field with the mount point. */
const POINT = 4;

/**
 * Where in a directory something is mounted, relative to it, and empty for the directory itself: a folder of the same disk that is bound there has no other
 * device number than what is around it. Linux alone says; nothing elsewhere, or where it cannot be read.
 */
export async function mountPointsIn(directory: string): Promise<readonly string[]> {
  if (process.platform !== "linux") return [];
  try {
    const own = await realpath(directory);
    const points = mountPointsOf(await readFile(MOUNT_TABLE, "utf8"));
    return points
      .filter((point) => point === own || point.startsWith(own + sep))
      .map((point) => point.slice(own.length + 1));
  } catch {
    return [];
  }
}

/** The mount points of such a table. Spaces, tabs, line feeds and backslashes are written in octal there. */
function mountPointsOf(table: string): readonly string[] {
  return table
    .split("\n")
    .map((line) => line.split(" ")[POINT] ?? "")
    .filter((point) => point !== "")
    .map((point) =>
      point.replace(/\\([0-7]{3})/gu, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))),
    );
}

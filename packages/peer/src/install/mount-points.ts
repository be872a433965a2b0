import { readFile, realpath } from "node:fs/promises";
import { sep } from "node:path";

/** What is mounted where, as Linux says it of this process (proc_pid_mountinfo(5)). */
const MOUNT_TABLE = "/proc/self/mountinfo";
/** Number of the field with the mount point. */
const POINT = 4;

/**
 * Where below a directory something is mounted, relative to it: a folder of the same disk that is bound there has no other
 * device number than what is around it. Linux alone says; nothing elsewhere, or where it cannot be read.
 */
export async function mountPointsBelow(directory: string): Promise<readonly string[]> {
  if (process.platform !== "linux") return [];
  try {
    const above = (await realpath(directory)) + sep;
    const points = mountPointsOf(await readFile(MOUNT_TABLE, "utf8"));
    return points.filter((point) => point.startsWith(above)).map((point) => point.slice(above.length));
  } catch {
    return [];
  }
}

/** The mount points of such a table. Spaces, tabs, line feeds and backslashes are written in octal there. */
export function mountPointsOf(table: string): readonly string[] {
  return table
    .split("\n")
    .map((line) => line.split(" ")[POINT] ?? "")
    .filter((point) => point !== "")
    .map((point) =>
      point.replace(/\\([0-7]{3})/gu, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))),
    );
}

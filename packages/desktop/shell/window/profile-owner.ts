import { execFile } from "node:child_process";
import { readFile, readlink } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { isThere } from "./browser-process.ts";

const run = promisify(execFile);

/** Link in a profile of Chromium that names the browser that has it: "host-1234". Not on Windows. */
const LOCK = "SingletonLock";

/**
 * The browser that has a profile open, which only the app opens: one that was started by an earlier run of it, and has outlived
 * that. Null where there is none, or nobody knows.
 */
export async function findProfileOwner(profile: string): Promise<number | null> {
  const named = await readlink(join(profile, LOCK)).catch(() => null);
  const [, host, digits] = /^(.*)-(\d+)$/u.exec(named ?? "") ?? [];
  if (host !== hostname() || digits === undefined) return null;
  const pid = Number(digits);
  // The number may be somebody else's by now.
  return isThere(pid) && (await commandOf(pid)).includes(profile) ? pid : null;
}

async function commandOf(pid: number): Promise<string> {
  try {
    if (process.platform === "linux") return await readFile(`/proc/${pid}/cmdline`, "utf8");
    return (await run("ps", ["-o", "command=", "-p", String(pid)])).stdout;
  } catch {
    return "";
  }
}

import { spawn } from "node:child_process";
import { lstat } from "node:fs/promises";
import { PeerError } from "@lanspread/peer/base";
import { FILE_MANAGER_MS } from "./constants.ts";

/** The program that shows a folder in the file manager of the user. */
const FILE_MANAGERS: Readonly<Partial<Record<NodeJS.Platform, string>>> = {
  win32: "explorer.exe",
  darwin: "open",
};
const ELSEWHERE = "xdg-open";

/**
 * Shows a folder in the file manager. No shell looks at its path.
 *
 * @param path absolute; a link is no folder
 * @returns when the file manager has it, or works on it
 * @throws PeerError `no-such-directory`, `not-a-directory`; `internal` where there is no file manager
 */
export async function openFolder(path: string): Promise<void> {
  const stats = await lstat(path).catch(() => null);
  if (stats === null) throw new PeerError("no-such-directory", `${path}: no such directory`);
  if (!stats.isDirectory()) throw new PeerError("not-a-directory", `${path}: not a directory`);
  const program = FILE_MANAGERS[process.platform] ?? ELSEWHERE;
  const why = await fate(program, path);
  if (why === null) return;
  throw new PeerError("internal", `${program} cannot show ${path}: ${why}`, {
    hint: "Open the folder by hand.",
  });
}

/** What became of the program; null where it did what it should, or is still at it. */
function fate(program: string, path: string): Promise<string | null> {
  return new Promise((resolve) => {
    const child = spawn(program, [path], { detached: true, stdio: "ignore" });
    // Some of them run as long as the folder is shown.
    const timer = setTimeout(() => resolve(null), FILE_MANAGER_MS);
    const end = (why: string | null): void => {
      clearTimeout(timer);
      resolve(why);
    };
    child.once("error", ({ message }) => end(message));
    // The one of Windows says 1 whatever it did.
    child.once("exit", (code) =>
      end(code === 0 || process.platform === "win32" ? null : `it ended with ${code}`),
    );
    child.unref();
  });
}

import { spawnSync } from "node:child_process";
import { chownSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type TemporaryDirectory, temporaryDirectory } from "@lanspread/testkit";

/** User and group that own nothing: `nobody` on every Unix. */
const NOBODY = 65_534;
const user = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};

/** Why the program cannot run as somebody whom permissions stop, for the title of a skipped test; undefined where it can. */
export const nobodyUnavailable: string | undefined = unavailable();

function unavailable(): string | undefined {
  if (process.platform === "win32") return "skipped: needs Unix permissions";
  const main = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
  const { status } = spawnSync(process.execPath, [main, "--version"], { ...user, stdio: "ignore" });
  return status === 0 ? undefined : "skipped: this checkout cannot be read by others than root";
}

/** Runs the program as a user whom permissions stop: root is stopped by none. */
export const asNobody = {
  /** For `runCli` and `startCli`. */
  options: user,
  /** A directory that this user owns. */
  async directory(): Promise<TemporaryDirectory> {
    const directory = await temporaryDirectory("lanspread-nobody-");
    if (user.uid !== undefined) chownSync(directory.path, user.uid, user.gid);
    return directory;
  },
};

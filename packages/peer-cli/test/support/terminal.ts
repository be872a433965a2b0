import { spawnSync } from "node:child_process";

/** Of util-linux. A program of the system, no package of npm. */
const SCRIPT = "script";
const version = spawnSync(SCRIPT, ["--version"], { encoding: "utf8" }).stdout ?? "";

/** Why there is no terminal for a test; undefined where there is one: for the title of a skipped test. */
export const noTerminal: string | undefined = version.includes("util-linux")
  ? undefined
  : "`script` of util-linux makes the terminal";

/**
 * In front of a command line: gives it a terminal of its own. What is written there comes out of stdout, and what is
 * written to stdin is typed.
 */
export const ON_A_TERMINAL = ["bash", "-c", `exec script -qec "exec \${*@Q}" /dev/null`, "bash"];

/** Environment of who sits there, without colours. Node.js itself warns of NO_COLOR beside FORCE_COLOR. */
export const TERMINAL_ENV = { SHELL: "/bin/sh", NO_COLOR: "1", NODE_NO_WARNINGS: "1", TERM: "xterm" };

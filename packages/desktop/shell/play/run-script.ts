import { type ChildProcess, spawn } from "node:child_process";
import { dirname } from "node:path";
import { PeerError } from "@lanspread/peer/base";

export interface RunOptions {
  /** Absolute path of a script: `.cmd` on Windows, `.sh` elsewhere. */
  readonly script: string;
  readonly args: readonly string[];
  /** Whether its window stays open, so that its output can be read: a server's. */
  readonly staysOpen: boolean;
}

/** Programs that run another one in a window of its own, on Linux; the first that is there. */
const TERMINALS: readonly (readonly [program: string, ...before: string[]])[] = [
  ["x-terminal-emulator", "-e"],
  ["gnome-terminal", "--"],
  ["konsole", "-e"],
  ["xterm", "-e"],
];

/**
 * Starts a script, which goes on without this program. No shell looks at the arguments on their way.
 *
 * @returns when it has started
 * @throws PeerError where it cannot be
 */
export async function runScript(options: RunOptions): Promise<void> {
  const { script, staysOpen } = options;
  const commands = process.platform === "win32" ? [windowsCommand(options)] : posixCommands(options);
  let why: unknown;
  for (const [program, ...args] of commands) {
    const child = spawn(program, args, {
      cwd: dirname(script),
      detached: true,
      stdio: "ignore",
      windowsHide: !staysOpen,
      windowsVerbatimArguments: true,
    });
    try {
      await started(child);
      child.unref();
      return;
    } catch (error) {
      why = error;
    }
  }
  const says = why instanceof Error ? why.message : String(why);
  throw new PeerError("internal", `${script} cannot be started: ${says}`, { cause: why });
}

/** Runs a script with its arguments, then leaves the window to the user's shell: what was said last can be read. */
const THEN_STAY = '/bin/sh "$0" "$@"; [ -n "$SHELL" ] || SHELL=/bin/sh; exec "$SHELL"';

type Command = readonly [program: string, ...args: string[]];

function posixCommands({ script, args, staysOpen }: RunOptions): Command[] {
  // As an argument of the shell it needs no right to be executed, which archives often lose.
  const plain: Command = ["/bin/sh", script, ...args];
  if (!staysOpen || process.platform !== "linux") return [plain];
  const open: Command = ["/bin/sh", "-c", THEN_STAY, script, ...args];
  return [...TERMINALS.map(([program, ...before]): Command => [program, ...before, ...open]), plain];
}

/** What `cmd.exe` replaces or ends an argument at, also between quotes. */
const UNQUOTABLE = /["%\r\n]/u;

function windowsCommand({ script, args, staysOpen }: RunOptions): Command {
  const words = [script, ...args];
  const bad = words.find((word) => UNQUOTABLE.test(word));
  if (bad !== undefined) {
    throw new PeerError("bad-request", `${bad}: Windows cannot start a script with this in its path`, {
      hint: "Move the games to a folder without percent signs and quotation marks in its name.",
    });
  }
  const line = words.map((word) => `"${word}"`).join(" ");
  return [process.env["ComSpec"] ?? "cmd.exe", "/d", "/v:off", "/s", staysOpen ? "/k" : "/c", `"${line}"`];
}

function started(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", reject);
  });
}

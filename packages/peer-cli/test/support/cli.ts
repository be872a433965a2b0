import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

export interface CliResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Arguments of Node itself. */
  readonly nodeArgs?: readonly string[];
  readonly input?: string;
  /** A program that runs the rest of the command line, with its own arguments. */
  readonly inFront?: readonly string[];
  /** Whom it runs as; default: who runs the tests. */
  readonly uid?: number;
  readonly gid?: number;
}

/** The program from its sources, as its own process, while it runs. */
export interface RunningCli {
  readonly child: ChildProcessWithoutNullStreams;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Settles when the process has ended and its output is complete. */
  readonly ended: Promise<CliResult>;
}

export function startCli(args: readonly string[], options: CliOptions = {}): RunningCli {
  const own = [process.execPath, "--conditions=source", ...(options.nodeArgs ?? []), MAIN, ...args];
  const [program = process.execPath, ...rest] = [...(options.inFront ?? []), ...own];
  const child = spawn(program, rest, {
    env: { ...process.env, NO_COLOR: "", FORCE_COLOR: "", ...options.env },
    stdio: "pipe",
    ...(options.uid === undefined ? {} : { uid: options.uid }),
    ...(options.gid === undefined ? {} : { gid: options.gid }),
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  if (options.input !== undefined) child.stdin.end(options.input);
  const ended = new Promise<CliResult>((resolve) => {
    child.once("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  return { child, stdout: () => stdout, stderr: () => stderr, ended };
}

export function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  return startCli(args, { input: "", ...options }).ended;
}

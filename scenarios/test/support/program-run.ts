import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** A program of this package, from its sources, while it runs and after it. */
export interface ProgramRun {
  readonly child: ChildProcess;
  /** Both outputs so far, as they came. */
  readonly output: () => string;
  /** Resolves when it has ended and its output is complete; null where a signal ended it. */
  readonly code: Promise<number | null>;
}

/**
 * Starts `src/<program>/main.ts`.
 *
 * @param temporary where everything lands that it writes: a place of the test's own, in which leftovers are seen
 */
export function startProgram(
  program: "demo" | "runner" | "soak",
  temporary: string,
  ...args: readonly string[]
): ProgramRun {
  const main = fileURLToPath(new URL(`../../src/${program}/main.ts`, import.meta.url));
  const child = spawn(process.execPath, ["--conditions=source", main, ...args], {
    env: { ...process.env, TMPDIR: temporary },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const code = new Promise<number | null>((resolve) => child.once("close", resolve));
  return { child, output: () => output, code };
}

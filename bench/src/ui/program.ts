import { spawn } from "node:child_process";
import { programCommand } from "lanspread";
import { ANSWER_MS } from "./constants.ts";

/** The program as users start it. Disposing of it asks it to end, and waits for that. */
export interface StartedProgram extends AsyncDisposable {
  /** Rejects when it ends by itself. */
  readonly failed: Promise<never>;
}

export function startProgram(args: readonly string[]): StartedProgram {
  const [node, ...program] = programCommand;
  const child = spawn(node, [...program, ...args], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  const failed = ended.then((code): never => {
    throw new Error(`lanspread has ended with ${code}: ${said}`);
  });
  failed.catch(() => {});
  return {
    failed,
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGTERM");
      const late = setTimeout(() => child.kill("SIGKILL"), ANSWER_MS);
      await ended;
      clearTimeout(late);
    },
  };
}

import { execFileSync } from "node:child_process";

/** Runs a program with an empty environment but for the PATH; returns what it printed, and throws with what it complained about. */
export function run(program: string, ...args: string[]): string {
  return execFileSync(program, args, {
    encoding: "utf8",
    env: { PATH: process.env["PATH"] ?? "" },
    stdio: ["ignore", "pipe", "pipe"],
    maxBuffer: 2 ** 26,
  });
}

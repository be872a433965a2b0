import { spawn } from "node:child_process";

/** Reads process ids until its input ends, then lets those processes go on. It outlives a Ctrl+C that reaches everybody. */
const SCRIPT = `trap '' INT TERM HUP; while read -r pid; do pids="$pids $pid"; done; kill -CONT $pids 2>/dev/null; true`;

/** Sees to it that no suspended process stays when this one is killed: a sleeping peer does not notice that its input has ended. */
export interface Waker {
  /** To be told of every peer. */
  add(pid: number): void;
  /** Wakes all that are left, and ends. */
  close(): Promise<void>;
}

/** Starts a process of its own, which the system tells of our end whatever it is. */
export function startWaker(): Waker {
  const child = spawn("sh", ["-c", SCRIPT], { stdio: ["pipe", "ignore", "ignore"] });
  const ended = new Promise<void>((resolve) => {
    child.once("close", () => resolve());
    child.once("error", () => resolve());
  });
  child.stdin.on("error", () => undefined); // it has ended: nobody is left to be told
  return {
    add: (pid) => void child.stdin.write(`${pid}\n`),
    close() {
      child.stdin.end();
      return ended;
    },
  };
}

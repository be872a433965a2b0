import { rmSync } from "node:fs";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A directory that nobody else has, removed with everything in it when it is disposed. */
export interface TemporaryDirectory extends AsyncDisposable {
  /** Absolute, with no link in it. */
  readonly path: string;
  /** A path inside. */
  join(...names: string[]): string;
}

/** Directories that are there now. */
const present = new Set<string>();

/** What a terminal and a runner of tests end a process with. */
const ENDS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Makes a directory in `parent`, by default the system's place for temporary files. Use it with `await using`. It is also
 * removed when the process exits or is interrupted before that; only a kill leaves it behind.
 */
export async function temporaryDirectory(
  prefix = "lanspread-",
  parent?: string,
): Promise<TemporaryDirectory> {
  const path = await mkdtemp(join(await realpath(parent ?? tmpdir()), prefix));
  note(path);
  return {
    path,
    join: (...names) => join(path, ...names),
    // Somebody may still be closing a file in it: Windows refuses to remove it for a moment.
    [Symbol.asyncDispose]: async () => {
      await rm(path, { recursive: true, force: true, maxRetries: 5 });
      forget(path);
    },
  };
}

/** Signals end the process as always while no directory is there. */
function note(path: string): void {
  present.add(path);
  if (present.size > 1) return;
  process.on("exit", removeAll);
  for (const signal of ENDS) process.on(signal, interrupted);
}

function forget(path: string): void {
  if (!present.delete(path) || present.size > 0) return;
  process.off("exit", removeAll);
  for (const signal of ENDS) process.off(signal, interrupted);
}

function interrupted(signal: NodeJS.Signals): void {
  // Who else listens ends the process in its own way, and its exit is heard here.
  if (process.listenerCount(signal) > 1) return;
  removeAll();
  process.kill(process.pid, signal);
}

function removeAll(): void {
  for (const path of [...present]) {
    try {
      rmSync(path, { recursive: true, force: true });
    } catch {
      // Something in it is still in use, such as a mounted disk: the process ends all the same.
    }
    forget(path);
  }
}

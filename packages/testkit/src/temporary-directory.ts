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

/** Makes a directory in the system's place for temporary files. Use it with `await using`. */
export async function temporaryDirectory(prefix = "lanspread-"): Promise<TemporaryDirectory> {
  const path = await mkdtemp(join(await realpath(tmpdir()), prefix));
  return {
    path,
    join: (...names) => join(path, ...names),
    // Somebody may still be closing a file in it: Windows refuses to remove it for a moment.
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 5 }),
  };
}

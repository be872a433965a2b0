import { fstatSync, writeSync } from "node:fs";
import { Writable } from "node:stream";

/** Where the results of a command go, and what became of them. */
export interface DataOutput {
  readonly stream: NodeJS.WritableStream;
  /** Resolves when what was written so far is taken, or cannot be any more. */
  flushed(): Promise<void>;
  /** Why something was not taken; undefined where all was, also where nobody reads (any more). */
  failure(): Error | undefined;
}

/**
 * The stdout of this process. A reader that goes away (`lanspread games | head -1`) is no failure: there is nobody left to
 * tell. A disk that is full is one.
 *
 * @param onBroken nothing more can be written
 */
export function openDataOutput(onBroken: () => void): DataOutput {
  const stream = isFile(process.stdout.fd) ? wholeFile(process.stdout.fd) : process.stdout;
  let failure: Error | undefined;
  const onError = (error: NodeJS.ErrnoException): void => {
    if (error.code !== "EPIPE") failure ??= error;
    onBroken();
  };
  // Others (the harness, the help) write to stdout itself.
  for (const written of new Set([stream, process.stdout])) written.on("error", onError);
  return {
    stream,
    flushed: () => new Promise((resolve) => stream.write("", () => resolve())),
    failure: () => failure,
  };
}

/** Node itself writes to a file once, and is silent where the disk takes only a part. */
function wholeFile(descriptor: number): Writable {
  return new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      try {
        for (let at = 0; at < chunk.length; ) at += writeSync(descriptor, chunk, at);
        done();
      } catch (error) {
        done(error instanceof Error ? error : new Error(String(error)));
      }
    },
  });
}

function isFile(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isFile();
  } catch {
    return false;
  }
}

/**
 * Bytes that may wait for a reader of stdout, besides one line. Events wait by themselves; only answers add up, and who
 * asks for so many without reading one reads no more.
 */
const MAX_UNREAD_BYTES = 64 * 1024 * 1024;

/** What may still be done with stdout after {@link guardStdout}. */
export interface GuardedStdout {
  /** Writes one line of the protocol. The promise, where there is one, resolves when the reader has room for more. */
  writeLine(line: string): void | Promise<void>;
  /** Resolves when everything written so far has left the process, or cannot leave it any more. */
  flush(): Promise<void>;
}

/**
 * Takes stdout for the protocol alone: whatever else writes to it from now on (a stray print of a dependency, a
 * worker thread) goes to stderr, where it is seen and does no harm.
 *
 * `onStuck` is called once, when so much waits for the reader that it cannot be reading; later lines are dropped.
 */
export function guardStdout(
  stdout: NodeJS.WriteStream,
  stderr: NodeJS.WriteStream,
  onStuck: () => void,
): GuardedStdout {
  const write = stdout.write.bind(stdout);
  stdout.write = stderr.write.bind(stderr);
  // A reader that is gone drains nothing: who waits for it waits no longer.
  let gone = false;
  const waiting = new Set<() => void>();
  const release = (): void => {
    for (const resolve of waiting) resolve();
    waiting.clear();
  };
  stdout.on("drain", release);
  stdout.on("error", () => {
    gone = true;
    release();
  });
  return {
    writeLine(line) {
      if (gone) return;
      if (stdout.writableLength > MAX_UNREAD_BYTES) {
        gone = true;
        release();
        onStuck();
        return;
      }
      if (!write(`${line}\n`)) return new Promise((resolve) => waiting.add(resolve));
    },
    flush: () =>
      new Promise((resolve) => {
        write("", () => resolve());
      }),
  };
}

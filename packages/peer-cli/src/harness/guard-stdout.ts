/**
 * Bytes that wait for a reader of stdout before the harness gives up: hours of events, or one answer of the largest
 * library many times over. Whoever has not read that much reads no more.
 */
const MAX_UNREAD_BYTES = 64 * 1024 * 1024;
/** How long a reader may take for the last lines, ms: then it is taken for one that stopped reading. */
const FLUSH_DEADLINE_MS = 5_000;

/** What may still be done with stdout after {@link guardStdout}. */
export interface GuardedStdout {
  /** Writes one line of the protocol. */
  writeLine(line: string): void;
  /** Resolves when everything written so far has left the process, or nobody takes it. */
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
  let stuck = false;
  return {
    writeLine(line) {
      if (stuck) return;
      if (stdout.writableLength > MAX_UNREAD_BYTES) {
        stuck = true;
        onStuck();
        return;
      }
      write(`${line}\n`);
    },
    flush: () =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, stuck ? 0 : FLUSH_DEADLINE_MS);
        write("", () => {
          clearTimeout(timer);
          resolve();
        });
      }),
  };
}

/** What may still be done with stdout after {@link guardStdout}. */
export interface GuardedStdout {
  /** Writes one line of the protocol. */
  writeLine(line: string): void;
  /** Resolves when everything written so far has left the process. */
  flush(): Promise<void>;
}

/**
 * Takes stdout for the protocol alone: whatever else writes to it from now on (a stray print of a dependency, a
 * worker thread) goes to stderr, where it is seen and does no harm.
 */
export function guardStdout(stdout: NodeJS.WriteStream, stderr: NodeJS.WriteStream): GuardedStdout {
  const write = stdout.write.bind(stdout);
  stdout.write = stderr.write.bind(stderr);
  return {
    writeLine: (line) => void write(`${line}\n`),
    flush: () => new Promise((resolve) => write("", () => resolve())),
  };
}

/** What the process tells its caller by its exit code. Scripts depend on these numbers: they never change. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  nothingFound: 3,
  cancelled: 4,
  diskFull: 5,
  verification: 6,
  noNetwork: 7,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

const BY_ERROR_CODE: Readonly<Record<string, ExitCode>> = {
  "bad-request": EXIT.usage,
  "unknown-game": EXIT.nothingFound,
  "not-in-catalog": EXIT.nothingFound,
  "no-peers-have-game": EXIT.nothingFound,
  "nothing-found": EXIT.nothingFound,
  cancelled: EXIT.cancelled,
  "disk-full": EXIT.diskFull,
  verification: EXIT.verification,
  "no-network-interface": EXIT.noNetwork,
};

/** The exit code for a failure with this error code; every code without one of its own is a plain failure. */
export function exitCodeForError(code: string): ExitCode {
  return BY_ERROR_CODE[code] ?? EXIT.failed;
}

/**
 * One exit code for a command that did several things: done if all are, else the first that is not.
 * A cancellation wins over everything, since the rest did not get its chance.
 */
export function combineExitCodes(codes: readonly ExitCode[]): ExitCode {
  if (codes.includes(EXIT.cancelled)) return EXIT.cancelled;
  return codes.find((code) => code !== EXIT.done) ?? EXIT.done;
}

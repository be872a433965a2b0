/** User id that owns nothing: `nobody` on every Unix. */
const NOBODY = 65_534;

/**
 * Runs `work` as a user whom permissions stop: root is stopped by none. For who is not root already, `work` just runs.
 */
export async function asNobody<T>(work: () => Promise<T>): Promise<T> {
  if (process.getuid?.() !== 0) return work();
  process.seteuid?.(NOBODY);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
  }
}

/** Runs `work` as who runs the tests, in the midst of {@link asNobody}. */
export async function asOneself<T>(work: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== NOBODY || process.getuid?.() !== 0) return work();
  process.seteuid?.(0);
  try {
    return await work();
  } finally {
    process.seteuid?.(NOBODY);
  }
}

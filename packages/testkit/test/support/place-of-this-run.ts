import { chmodSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Whoever a test runs a program as may make files there, and see no other's. */
const PERMISSIONS_OF_TMP = 0o1777;

/**
 * Gives a run of the tests a place of its own for temporary files, and removes it when the runner ends, by Ctrl+C as well:
 * then the runner kills the processes with the tests, and one that computes hears of no signal before that.
 */
export default function placeOfThisRun(): () => void {
  const before = process.env["TMPDIR"];
  const place = mkdtempSync(join(realpathSync(tmpdir()), "lanspread-tests-"));
  chmodSync(place, PERMISSIONS_OF_TMP);
  const remove = (): void => rmSync(place, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 });
  process.env["TMPDIR"] = place;
  // The runner listens to a first signal only, and whoever started it may pass on a second one: both are heard here.
  const moments = ["SIGINT", "SIGTERM", "exit"] as const;
  for (const moment of moments) process.on(moment, remove);
  return () => {
    for (const moment of moments) process.off(moment, remove);
    if (before === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = before;
    remove();
  };
}

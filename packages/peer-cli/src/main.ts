import { readFileSync } from "node:fs";
import { EXIT } from "./exit-codes.ts";
import { keepHeapSmall } from "./keep-heap-small.ts";
import { runProgram } from "./program.ts";

/** How long (ms) a finished program may take to run out of work before it is ended; it has nothing left to do. */
const EXIT_GRACE_MS = 1_000;

keepHeapSmall();

// Started through another Node.js (bin/lanspread.mjs): when that process is killed, this one is what was meant.
if (process.env["LANSPREAD_LAUNCHED"] === "1" && process.channel) {
  process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));
  process.channel.unref();
}

try {
  process.exitCode = await runProgram(process.argv.slice(2), ownVersion());
} catch (error) {
  process.exitCode = EXIT.failed;
  process.stderr.write(`error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
}
setTimeout(() => process.exit(), EXIT_GRACE_MS).unref();

/** The version in this package's package.json, which lies one level above both `src` and `dist`. */
function ownVersion(): string {
  const parsed: unknown = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  const known = typeof parsed === "object" && parsed !== null && "version" in parsed;
  return known ? String(parsed.version) : "unknown";
}

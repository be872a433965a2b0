import { createLogger, type LogEntry, type Logger, type LogLevel } from "@lanspread/peer/base";
import type { Reporter } from "./report/reporter.ts";

/** What reaches the log by how often `-v` was given. */
const LEVELS: readonly LogLevel[] = ["warn", "info", "debug"];

/** A logger of the runtime that prints on stderr. */
export function createStderrLogger(reporter: Reporter, verbosity: number): Logger {
  const level = LEVELS[Math.min(verbosity, LEVELS.length - 1)] ?? "debug";
  return createLogger({ level, sink: (entry) => reporter.log(formatLogEntry(entry)) });
}

/** `warn lanspread:library: skipped a device path=/games/x/pipe`. */
function formatLogEntry(entry: LogEntry): string {
  const fields = Object.entries(entry.fields).map(([key, value]) => ` ${key}=${formatValue(value)}`);
  return `${entry.level} ${entry.name}: ${entry.message}${fields.join("")}`;
}

function formatValue(value: unknown): string {
  if (value instanceof Error) return JSON.stringify(value.message);
  if (typeof value === "string") return /^[\w./:@%+-]+$/.test(value) ? value : JSON.stringify(value);
  return JSON.stringify(value) ?? String(value);
}

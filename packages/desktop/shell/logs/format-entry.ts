import type { LogEntry } from "@lanspread/peer";
import type { LogLine } from "../../protocol/logs.ts";
import { MAX_TEXT, MOST_CAUSES, STACK_FRAMES } from "./constants.ts";
import { HIDDEN_VALUE, hideSecrets, isSecretKey } from "./hide-secrets.ts";

/** First part of every name. */
const OWN_NAME = "lanspread:";

/** An entry as a line, without its number: one line of bounded length, without secrets. Never throws. */
export function formatEntry(
  { level, name, message, fields }: LogEntry,
  time: number,
): Omit<LogLine, "number"> {
  const details = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}=${isSecretKey(key) ? HIDDEN_VALUE : formatValue(value)}`);
  return {
    level,
    time,
    source: tidy(name.startsWith(OWN_NAME) ? name.slice(OWN_NAME.length) : name),
    text: tidy(message),
    details: tidy(details.join(" ")),
  };
}

/** Others choose what is in a log: it is looked at only as far as it is shown. */
function tidy(text: string): string {
  const rest = text.length - MAX_TEXT;
  const shown = rest > 0 ? text.slice(0, MAX_TEXT) : text;
  const safe = showControls(hideSecrets(shown).toWellFormed());
  return rest > 0 ? `${safe} … (${rest} more)` : safe;
}

/** Characters that break a line, move a cursor or turn the reading direction. */
const CONTROLS = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069\u200e\u200f\ufeff]/gu;

function showControls(text: string): string {
  return text.replace(CONTROLS, (character) => {
    if (character === "\n") return "\\n";
    if (character === "\t") return " ";
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

const PLAIN = /^[\w./:@%+-]+$/u;

function formatValue(value: unknown): string {
  if (value instanceof Error) return formatError(value);
  if (typeof value === "string") return PLAIN.test(value) ? value : quote(value);
  try {
    return (
      JSON.stringify(value, (key, inner: unknown) => (isSecretKey(key) ? HIDDEN_VALUE : inner)) ??
      String(value)
    );
  } catch {
    return Object.prototype.toString.call(value);
  }
}

function formatError(error: Error): string {
  const said: string[] = [];
  let at: unknown = error;
  for (let depth = 0; at instanceof Error && depth < MOST_CAUSES; depth++) {
    if (!said.includes(at.message)) said.push(at.message);
    at = at.cause;
  }
  return `${quote(said.join(": "))}${codeOf(error)}${placeOf(error)}`;
}

function codeOf(error: Error): string {
  return "code" in error && typeof error.code === "string" ? ` code=${error.code}` : "";
}

/** Where a fault happened. What the runtime refuses for a reason needs no place. */
function placeOf(error: Error): string {
  if ("code" in error && error.code !== "internal") return "";
  const frames = (error.stack ?? "").split("\n").filter((line) => line.trimStart().startsWith("at "));
  if (frames.length === 0) return "";
  return ` (${frames
    .slice(0, STACK_FRAMES)
    .map((line) => line.trim())
    .join(", ")})`;
}

/** A long value costs no more than what is shown of it. */
function quote(text: string): string {
  return JSON.stringify(text.length > 2 * MAX_TEXT ? text.slice(0, 2 * MAX_TEXT) : text);
}

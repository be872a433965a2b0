import type { LogLine } from "../../../protocol/logs.ts";
import type { LogRow } from "./log-state.ts";

/** Levels that can be chosen: it, and what is graver. */
export const LEVELS = ["debug", "info", "warn", "error"] as const;
export type Level = (typeof LEVELS)[number];

/** Longest text or pattern to look for, characters. */
export const MAX_SEARCH = 500;

export interface LogFilter {
  readonly level: Level;
  /** What is looked for; empty for everything. */
  readonly search: string;
  /** Whether that is a pattern instead of words. */
  readonly isPattern: boolean;
}

/** Whether a row is there at this level. What is said of the log itself always is. */
export function hasLevel(row: LogRow, level: Level): boolean {
  return row.kind !== "line" || LEVELS.indexOf(row.line.level) >= LEVELS.indexOf(level);
}

/** A test for lines that have all of these words somewhere, in any case. */
export function createWordTest(search: string): (text: string) => boolean {
  const words = search.toLowerCase().split(/\s+/u).filter(Boolean);
  return (text) => {
    const folded = text.toLowerCase();
    return words.every((word) => folded.includes(word));
  };
}

/** What of a line is looked into. */
export function searchedText({ source, text, details, level }: LogLine): string {
  return `${level} ${source} ${text} ${details}`;
}

/** Why a pattern is none, in the browser's words; null where it is one. */
export function patternProblem(pattern: string): string | null {
  try {
    createPattern(pattern);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** @throws SyntaxError */
export function createPattern(pattern: string): RegExp {
  return new RegExp(pattern, "i");
}

import type { LogLevel } from "@lanspread/peer";
import { z } from "zod";

/** `app`: what the app and its peer say; `unpack`: what is unpacked, entry by entry, and what was wrong with it. */
const LOGS = ["app", "unpack"] as const;
export type LogName = (typeof LOGS)[number];
export const logNameSchema = z.enum(LOGS);

/** One line. It has no line breaks and no other control characters. */
export interface LogLine {
  /** Counts from 1 in each log of a run, without gaps. */
  readonly number: number;
  /** Milliseconds since 1970-01-01 UTC. */
  readonly time: number;
  readonly level: LogLevel;
  /** Which part says it, such as `library:hash`. */
  readonly source: string;
  readonly text: string;
  /** `key=value`, separated by spaces; empty where there is nothing to add. */
  readonly details: string;
}

/** Lines behind the one that was asked for, or the first that are still there. */
export interface LogPart {
  /** Of the app: another one counts anew. */
  readonly run: string;
  /** In their order; none where nothing was said for a while. */
  readonly lines: readonly LogLine[];
  /** Lines between the one that was asked for and the first of these, which are kept no more. */
  readonly missed: number;
}

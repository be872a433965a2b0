import type { Translate } from "../i18n/translate.ts";
import type { LogRow } from "./log-state.ts";

/** Time of day with milliseconds, as everywhere in a log: "21:05:09.123". */
export function formatTime(time: number): string {
  const at = new Date(time);
  const two = (value: number): string => String(value).padStart(2, "0");
  const clock = [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(":");
  return `${clock}.${String(at.getMilliseconds()).padStart(3, "0")}`;
}

/** What is said of the log itself. */
export function formatMark(row: Exclude<LogRow, { kind: "line" }>, t: Translate, language: string): string {
  return row.kind === "restarted"
    ? t("logs.restarted")
    : t("logs.missed", { count: row.count.toLocaleString(language) });
}

/** A row as one pastes it elsewhere: with the day, and in UTC, so that those of two computers can be compared. */
export function formatRow(row: LogRow, t: Translate, language: string): string {
  if (row.kind !== "line") return `--- ${formatMark(row, t, language)} ---`;
  const { time, level, source, text, details } = row.line;
  const behind = details === "" ? "" : ` ${details}`;
  return `${new Date(time).toISOString()} ${level} ${source}: ${text}${behind}`;
}

const KIB = 1024;
const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"] as const;

/** `bytes` with a binary unit and one decimal: `0 B`, `1.5 KiB`, `256.0 MiB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  // 1023.95 KiB would print as "1024.0 KiB": step up where the rounded figure would reach the next unit.
  while (unit < UNITS.length - 1 && value >= KIB - 0.05) {
    value /= KIB;
    unit += 1;
  }
  return unit === 0 ? `${Math.round(value)} B` : `${value.toFixed(1)} ${UNITS[unit]}`;
}

/** A rate in bytes per second, as people compare it: `83.2 MiB/s`. */
export function formatRate(bytesPerSecond: number): string {
  return `${formatBytes(bytesPerSecond)}/s`;
}

/** Seconds as `4 s`, `2 min 05 s` or `1 h 02 min`; rounded up, so that a running transfer never shows 0 s. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${pad2(whole % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${pad2(minutes % 60)} min`;
}

/** How much is done in whole per cent, rounded down: 100 % is all of it. Of nothing everything is done. */
export function formatDone(done: number, whole: number): string {
  return `${whole <= 0 ? 100 : Math.floor(Math.min(1, done / whole) * 100)} %`;
}

/** A part of a whole in whole per cent; nothing where there is no whole. */
export function formatShare(part: number, whole: number): string {
  return whole <= 0 ? "" : `${Math.round((part / whole) * 100)} %`;
}

/** The time left, or `--` while nothing is known about the rate. */
export function formatEta(seconds: number | null): string {
  return seconds === null ? "--" : formatDuration(seconds);
}

/** A game's version: eight digits are a date and are shown as `YYYY.MM.DD`, everything else as it is. */
export function formatVersion(version: string | null): string {
  if (version === null) return "-";
  const date = /^(\d{4})(\d{2})(\d{2})$/.exec(version);
  return date === null ? printable(version) : `${date[1]}.${date[2]}.${date[3]}`;
}

/** `1 peer`, `2 peers`. */
export function count(n: number, singular: string, plural = `${singular}s`): string {
  return `${n} ${n === 1 ? singular : plural}`;
}

/**
 * Text that came from another machine, safe for a terminal: control characters (escape sequences among them)
 * and the marks that reverse the reading direction become `?`.
 */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069]/gu, "?");
}

function pad2(n: number): string {
  return String(n).padStart(2, "0");
}

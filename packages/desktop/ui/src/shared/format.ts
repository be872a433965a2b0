const UNITS = ["B", "KB", "MB", "GB", "TB"] as const;
const STEP = 1_000;

/** Bytes as people read them, in powers of ten. */
export function formatBytes(bytes: number, language: string): string {
  let value = bytes;
  let unit = 0;
  while (value >= STEP && unit < UNITS.length - 1) {
    value /= STEP;
    unit += 1;
  }
  const digits = unit === 0 || value >= 100 ? 0 : 1;
  return `${value.toLocaleString(language, { maximumFractionDigits: digits })} ${UNITS[unit] ?? ""}`;
}

/** A share from 0 to 1 as people read it; 100 % is all of it, and nothing less. */
export function formatPercent(share: number): string {
  // Shares of whole percents may be a little less than that.
  return `${Math.floor(share * 100 + 1e-9)} %`;
}

/** Bytes per second as people read them. */
export function formatRate(bytesPerSecond: number, language: string): string {
  return `${formatBytes(bytesPerSecond, language)}/s`;
}

/** A time of day, hours and minutes. @param time milliseconds since 1970 */
export function formatTime(time: number, language: string): string {
  return new Date(time).toLocaleTimeString(language, { hour: "numeric", minute: "2-digit" });
}

/** Seconds as "1:05" or "2:03:04". */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (value: number): string => String(value).padStart(2, "0");
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** A version of eight digits as a date, "2018.04.12"; others as they are. */
export function formatVersion(version: string): string {
  return /^\d{8}$/u.test(version)
    ? `${version.slice(0, 4)}.${version.slice(4, 6)}.${version.slice(6)}`
    : version;
}

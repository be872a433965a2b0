import type { SourceProgress } from "../report/progress-lines.ts";

/** Verified bytes per source, and how fast they come. All times are of one monotonic clock, in milliseconds. */
export interface SourceMeter {
  /** A run of verified pieces came from a source. */
  came(peerId: string, bytes: number, now: number): void;
  /**
   * What each source gives, in the order in which they began to: lines that change places cannot be read.
   *
   * @param rates bytes per second by source, where the peer tells them. A peer of another process does not: then they are
   *   those of the verified bytes over the last 5 s, which come in steps of up to 8 MiB.
   */
  sources(
    now: number,
    nameOf: (peerId: string) => string,
    rates?: Readonly<Record<string, number>>,
  ): SourceProgress[];
}

/** As long as that of the rate of the whole. */
const WINDOW_MS = 5_000;
/** Over less a rate says more of the first unit than of the source. */
const MIN_SPAN_MS = 1_000;

/** @param start when the download began */
export function createSourceMeter(start: number): SourceMeter {
  const totals = new Map<string, number>();
  const begun = new Set<string>();
  let recent: { readonly peerId: string; readonly bytes: number; readonly at: number }[] = [];
  return {
    came(peerId, bytes, now) {
      totals.set(peerId, (totals.get(peerId) ?? 0) + bytes);
      recent.push({ peerId, bytes, at: now });
    },
    sources(now, nameOf, rates) {
      recent = recent.filter(({ at }) => at > now - WINDOW_MS);
      const span = Math.min(WINDOW_MS, Math.max(MIN_SPAN_MS, now - start));
      const rateOf = (id: string): number =>
        recent.reduce((sum, { peerId, bytes }) => sum + (peerId === id ? bytes : 0), 0) * (1000 / span);
      for (const id of [...totals.keys(), ...Object.keys(rates ?? {})]) begun.add(id);
      return [...begun].map((id) => ({
        name: nameOf(id),
        bytes: totals.get(id) ?? 0,
        bytesPerSecond: rates === undefined ? rateOf(id) : (rates[id] ?? 0),
      }));
    },
  };
}

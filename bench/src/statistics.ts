/** The middle of some numbers: the mean of the two middle ones where there is no single one. Null of none. */
export function median(values: readonly number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.floor((sorted.length - 1) / 2)];
  return upper === undefined || lower === undefined ? null : (upper + lower) / 2;
}

/** Medians of `above[i] / below[i]`: what was measured in one round is only compared with the same round. */
export function medianRatio(above: readonly number[], below: readonly number[]): number | null {
  const ratios: number[] = [];
  for (const [i, value] of above.entries()) {
    const other = below[i];
    if (other !== undefined && other > 0) ratios.push(value / other);
  }
  return median(ratios);
}

/** "lowest-highest" of some numbers, or an empty text of fewer than two. */
export function spread(values: readonly number[]): string {
  return values.length < 2 ? "" : `${formatNumber(Math.min(...values))}-${formatNumber(Math.max(...values))}`;
}

/** Three significant digits, never in powers of ten. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const digits = value === 0 ? 0 : Math.floor(Math.log10(Math.abs(value)));
  return value.toFixed(Math.max(0, 2 - digits));
}

/** Pause between two looks at figures that change all the time, milliseconds: as often as a peer tells those of one download. */
const CALM_MS = 500;

/** Calls back when such figures are worth another look. */
export function calmly(callback: () => void): void {
  setTimeout(callback, CALM_MS);
}

/** Pause between two looks at figures that change all the time, milliseconds: nobody reads them faster. */
const CALM_MS = 250;

/** Calls back when such figures are worth another look. */
export function calmly(callback: () => void): void {
  setTimeout(callback, CALM_MS);
}

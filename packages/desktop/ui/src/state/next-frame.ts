/** Calls back before the page is drawn the next time. */
export function nextFrame(callback: () => void): void {
  requestAnimationFrame(callback);
}

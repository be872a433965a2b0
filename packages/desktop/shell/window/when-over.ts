import { CLOSING_MS, TOKEN_LIFETIME_MS, WINDOWLESS_MS } from "../constants.ts";

/** What decides whether the last window is closed. */
export interface WindowState {
  /** Browsers that were started for the app, and run. */
  readonly browsers: number;
  /** Windows that are connected. */
  readonly windows: number;
  /** Whether any window has been connected since the browser was started that was started last. */
  readonly hasShown: boolean;
  /** Whether the address was given to somebody else, whose windows are known by their connections alone. */
  readonly isElsewhere: boolean;
  /** Whether something was handed to a browser that was there already, and whose end nobody tells. */
  readonly isHandedOver: boolean;
  /** Whether the peer is at something. */
  readonly isBusy: boolean;
  /** For how long there has been no window, milliseconds. */
  readonly windowlessMs: number;
}

/**
 * Whether the last window was closed, so that the app is over. Whoever closed it was asked by the page where transfers run. A
 * page that is loaded anew is gone for a moment, and a browser tells its end before its connections do.
 */
export function isOver(state: WindowState): boolean {
  const { browsers, windows, hasShown, isElsewhere, isHandedOver, isBusy, windowlessMs } = state;
  if (windows > 0) return false;
  // Somebody may be on the way to a browser with the address.
  if (isElsewhere && !hasShown) return windowlessMs >= TOKEN_LIFETIME_MS;
  // A tab among others may be put to sleep, or its browser be started anew: that is no wish to end.
  if (isElsewhere) return !isBusy && windowlessMs >= WINDOWLESS_MS;
  // It starts for the first time, which may take long.
  if (browsers > 0 && !hasShown) return false;
  // On some systems a browser goes on without a window.
  if (browsers > 0 || isHandedOver) return windowlessMs >= WINDOWLESS_MS;
  return windowlessMs >= CLOSING_MS;
}

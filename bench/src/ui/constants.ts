/** What the page is looked at with: a party as large as the app is made for. */
export const GAMES = 1_000;
export const PEOPLE = 30;

/** Downloads that run at once, and how often each tells how far it is, per second. */
export const DOWNLOADS = 20;
export const EVENTS_PER_SECOND = 10;

/** First paint, ms from the start of the shell's process: who waits longer wonders whether anything happens. */
export const BAR_FIRST_PAINT_MS = 1_000;

/** Longest frame while games are scrolled, ms: three frames of 60 a second, which nobody sees. */
export const BAR_FRAME_MS = 50;

/** Processor time of the page's process while downloads run, in hundredths of one core. */
export const BAR_CPU_PERCENT = 10;

/** Bytes of the built page, compressed one file at a time: a second over a slow network, and little to parse. */
export const BAR_BUNDLE_BYTES = 250_000;

/** Games on the disk of the app whose first paint is measured. */
export const OWN_GAMES = 100;

/** Time that a browser has to answer, ms; it may be its first start of the day. */
export const ANSWER_MS = 30_000;

/** Pause between two looks at something that is waited for, ms. */
export const LOOK_MS = 20;

/** Wheel steps of a scroll, px, and how many a second: as a finger on a wheel that is in a hurry. */
export const WHEEL_PX = 240;
export const WHEELS_PER_SECOND = 40;

export interface Amounts {
  readonly rounds: number;
  /** Wheel steps of one scroll. */
  readonly wheels: number;
  /** For so long the processor time is looked at, ms. */
  readonly watchedMs: number;
}

export const FULL: Amounts = { rounds: 7, wheels: 200, watchedMs: 10_000 };
export const SHORT: Amounts = { rounds: 2, wheels: 10, watchedMs: 500 };

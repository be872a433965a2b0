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

/** For so long the games have been in the page when it is asked when they were painted, ms: many frames, also on a busy machine. */
export const SHOWN_MS = 500;

/** One step of a wheel, px, and how many a second: as a finger on a wheel that is in a hurry. */
export const WHEEL_PX = 120;
export const WHEELS_PER_SECOND = 25;

export interface Amounts {
  readonly rounds: number;
  /** Most wheel steps of one scroll; the end of what is scrolled ends it, too. */
  readonly libraryWheels: number;
  readonly partyWheels: number;
  /** For so long the processor time is looked at, ms. */
  readonly watchedMs: number;
}

export const FULL: Amounts = { rounds: 5, libraryWheels: 1_000, partyWheels: 200, watchedMs: 8_000 };
export const SHORT: Amounts = { rounds: 1, libraryWheels: 10, partyWheels: 10, watchedMs: 500 };

/** What the native library knows of a path. */
export interface PathState {
  /** Congestion window, in datagrams of full size. */
  readonly windowDatagrams: number;
  /** Smoothed round trip in whole ms, rounded down. */
  readonly rttMs: number;
}

/** The library's burst, in datagrams. */
const LIBRARY_BURST_DATAGRAMS = 10;

/** From this congestion window on, in datagrams, stamps are wrong by half a round trip on average, and that does not grow. */
const ENOUGH_DATAGRAMS = 7;

/** How much faster than one window per round trip the library would send, if it kept its packets apart. */
const PACING_GAIN = 1.25;

/** Packets that go out within so many ms of the first one belong to its burst: how wrong the stamp of a packet may be. */
const BURST_MS = 0.5;

/** How often the state of a path is looked at, in ms. A window falls by a third in a round trip with losses, no faster. */
const LOOK_MS = 25;

/** The longest wait between two bursts, in ms. A path that asks for more is not one of a LAN. */
const MAX_SPACING_MS = 200;

/**
 * When packets may go out, so that the library (quiche 0.18) measures round trips nearly as they are.
 *
 * With its pacing off, `cubic` and `reno` of the library stamp all packets with the time of a first one, until as much time has passed
 * as its pacing would give to ten packets (`Pacer::send`): 8 round trips, divided by the congestion window in datagrams. Where many losses in
 * a row leave a window of a few datagrams, what is measured is too long, the next such time is longer for it, and so on, without an
 * end. Packets that go out in bursts, with that time between them, get stamps that are right.
 */
export class BurstPacing {
  readonly #look: () => PathState | undefined;
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  #burstAtMs = Number.NEGATIVE_INFINITY;
  #allowedAtMs = Number.NEGATIVE_INFINITY;
  #spacingMs = 0;

  /** @param look is asked every 25 ms at most while the window is large, and once per burst while it is small */
  constructor(look: () => PathState | undefined) {
    this.#look = look;
  }

  /** When packets that want to go now may go: `nowMs`, or later, in ms of the same clock. Acknowledgements are stamped as all others. */
  sendAtMs(nowMs: number): number {
    if (nowMs - this.#lookedAtMs >= LOOK_MS) this.#measure(nowMs);
    if (this.#spacingMs === 0 || nowMs - this.#burstAtMs <= BURST_MS) return nowMs;
    const nextAtMs = this.#burstAtMs + this.#spacingMs;
    if (nextAtMs > nowMs) return nextAtMs;
    this.#measure(nowMs);
    this.#allowedAtMs = nowMs;
    return nowMs;
  }

  /** A packet went out: where it was the first one that was allowed, its burst has begun. */
  sent(): void {
    if (this.#allowedAtMs > this.#burstAtMs) this.#burstAtMs = this.#allowedAtMs;
  }

  #measure(nowMs: number): void {
    this.#lookedAtMs = nowMs;
    const path = this.#look();
    if (path !== undefined) this.#spacingMs = spacingMs(path);
  }
}

function spacingMs({ windowDatagrams, rttMs }: PathState): number {
  if (windowDatagrams >= ENOUGH_DATAGRAMS) return 0;
  const burstsPerRtt = (PACING_GAIN * windowDatagrams) / LIBRARY_BURST_DATAGRAMS;
  return Math.min(MAX_SPACING_MS, (rttMs + 1) / burstsPerRtt);
}

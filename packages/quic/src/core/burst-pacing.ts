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
const MAX_SPACING_MS = 1_000;

/**
 * When data may go out, so that the library (quiche 0.18) measures round trips nearly as they are.
 *
 * With its pacing off, `cubic` and `reno` of the library stamp all packets with the time of a first one, until as much time has passed
 * as its pacing would give to ten packets (`Pacer::send`): 8 round trips, divided by the congestion window in datagrams. Where many losses in
 * a row leave a window of a few datagrams, what is measured is too long, the next such time is longer for it, and so on, without an
 * end. Data that goes out in bursts, each of them behind that time, gets stamps that are right. Acknowledgements are stamped, too, but
 * nobody acknowledges them: alone they need not wait, or the round trips of the other side would be too long for it.
 */
export class BurstPacing {
  readonly #look: () => PathState | undefined;
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  /** When the library may have taken the time for the last time, and whether it did. */
  #stampAtMs = Number.NEGATIVE_INFINITY;
  #isStampSure = false;
  /** How long a stamp is kept: of the round trip only whole ms are known. */
  #leastMs = 0;
  #mostMs = 0;

  /** @param look is asked every 25 ms at most while the window is large, and once per burst while it is small */
  constructor(look: () => PathState | undefined) {
    this.#look = look;
  }

  /** Whether data has to wait for its time at all, as of the last look. */
  get isActive(): boolean {
    return this.#mostMs > 0;
  }

  /** When data that wants to go now may go: `nowMs`, or later, in ms of the same clock. */
  sendAtMs(nowMs: number): number {
    if (nowMs - this.#lookedAtMs >= LOOK_MS) this.#measure(nowMs);
    if (!this.isActive || (this.#isStampSure && nowMs - this.#stampAtMs <= BURST_MS)) return nowMs;
    const nextAtMs = this.#stampAtMs + this.#mostMs;
    if (nextAtMs > nowMs) return nextAtMs;
    this.#measure(nowMs);
    return nowMs;
  }

  /** A packet went out, with data or without. */
  sent(nowMs: number): void {
    const keptMs = nowMs - this.#stampAtMs;
    if (keptMs <= this.#leastMs || (this.#isStampSure && keptMs <= BURST_MS)) return;
    this.#isStampSure = keptMs >= this.#mostMs;
    this.#stampAtMs = nowMs;
  }

  #measure(nowMs: number): void {
    this.#lookedAtMs = nowMs;
    const path = this.#look();
    if (path === undefined) return;
    const { windowDatagrams, rttMs } = path;
    const perRtt = LIBRARY_BURST_DATAGRAMS / (PACING_GAIN * windowDatagrams);
    const isSmall = windowDatagrams < ENOUGH_DATAGRAMS;
    this.#leastMs = isSmall ? rttMs * perRtt : 0;
    this.#mostMs = isSmall ? Math.min(MAX_SPACING_MS, (rttMs + 1) * perRtt) : 0;
  }
}

import type { Clock, TimerHandle } from "./clock.ts";
import { MAX_TIMERS_PER_RUN } from "./constants.ts";

/** A clock that stands still until a test moves it. */
export interface VirtualClock extends Clock {
  /** Timers that are set and have not fired. */
  readonly pending: number;
  /** When the next timer is due, in milliseconds of this clock; null where none is set. */
  nextDue(): number | null;
  /** Goes to the next timer that is due and fires it. False where none is set. */
  step(): boolean;
  /** Moves on by `ms` milliseconds and fires, in order, every timer that becomes due on the way. */
  advance(ms: number): void;
  /**
   * As {@link advance}, but lets promises and I/O callbacks that are ready run before the first timer and after each
   * one: for code that awaits between its timers.
   */
  advanceAsync(ms: number): Promise<void>;
  /**
   * Fires timers until none is set, or until the next one is more than `limitMs` milliseconds away from where the run
   * began. Returns the milliseconds that went by.
   *
   * @throws Error after 1,000,000 timers: something sets a timer for ever.
   */
  runUntilIdle(limitMs?: number): number;
}

interface VirtualTimer {
  readonly due: number;
  /** Timers that are due at the same moment fire in the order in which they were set. */
  readonly order: number;
  readonly callback: () => void;
  /** False once it has fired or was cleared. */
  set: boolean;
}

/** A clock at `start` milliseconds (default 0). */
export function createVirtualClock(start = 0): VirtualClock {
  let time = start;
  let order = 0;
  const heap: VirtualTimer[] = [];
  let pending = 0;

  function earlier(a: VirtualTimer, b: VirtualTimer): boolean {
    return a.due < b.due || (a.due === b.due && a.order < b.order);
  }

  function at(index: number): VirtualTimer {
    const timer = heap[index];
    if (timer === undefined) throw new RangeError("no timer there");
    return timer;
  }

  function push(timer: VirtualTimer): void {
    let index = heap.push(timer) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!earlier(timer, at(parent))) break;
      heap[index] = at(parent);
      index = parent;
    }
    heap[index] = timer;
  }

  function pop(): void {
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let index = 0;
    for (;;) {
      let child = index * 2 + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && earlier(at(child + 1), at(child))) child += 1;
      if (!earlier(at(child), last)) break;
      heap[index] = at(child);
      index = child;
    }
    heap[index] = last;
  }

  /** The next timer that still counts; cleared ones are dropped on the way. */
  function next(): VirtualTimer | undefined {
    for (;;) {
      const timer = heap[0];
      if (timer === undefined || timer.set) return timer;
      pop();
    }
  }

  function fire(timer: VirtualTimer): void {
    pop();
    timer.set = false;
    pending--;
    time = Math.max(time, timer.due);
    timer.callback();
  }

  return {
    now: () => time,
    get pending() {
      return pending;
    },
    nextDue: () => next()?.due ?? null,
    setTimeout(callback, ms): TimerHandle {
      const timer = {
        due: time + Math.max(0, Number.isNaN(ms) ? 0 : ms),
        order: order++,
        callback,
        set: true,
      };
      push(timer);
      pending++;
      return timer;
    },
    clearTimeout(handle) {
      const timer = handle as VirtualTimer;
      if (timer.set) pending--;
      timer.set = false;
    },
    step() {
      const timer = next();
      if (timer === undefined) return false;
      fire(timer);
      return true;
    },
    advance(ms) {
      const until = time + ms;
      for (let timer = next(); timer !== undefined && timer.due <= until; timer = next()) fire(timer);
      time = until;
    },
    async advanceAsync(ms) {
      const until = time + ms;
      await readyWork();
      for (let timer = next(); timer !== undefined && timer.due <= until; timer = next()) {
        fire(timer);
        await readyWork();
      }
      time = until;
    },
    runUntilIdle(limitMs = Number.POSITIVE_INFINITY) {
      const begin = time;
      for (let count = 0; ; count++) {
        const timer = next();
        if (timer === undefined || timer.due - begin > limitMs) return time - begin;
        if (count === MAX_TIMERS_PER_RUN) throw new Error(`still not idle after ${count} timers`);
        fire(timer);
      }
    },
  };
}

/** Lets everything run that is ready: microtasks, then one turn of the event loop. */
function readyWork(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

import { setImmediate as nextTurn } from "node:timers/promises";
import { vi } from "vitest";

/**
 * Time that stands still but for what a test lets pass, for limits of milliseconds: on a machine under load everybody else would look like
 * somebody in whom nothing moves. For what has no sockets: those have timers of their own.
 */
export class StoppedTime implements Disposable {
  constructor() {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  }

  /** Lets time pass, so many milliseconds at a time, until this has settled. */
  async passUntil<T>(settled: Promise<T>, stepMs: number): Promise<T> {
    let isOver = false;
    const over = (): void => {
      isOver = true;
    };
    settled.then(over, over);
    while (!isOver) {
      vi.advanceTimersByTime(stepMs);
      await nextTurn();
    }
    return await settled;
  }

  [Symbol.dispose](): void {
    vi.useRealTimers();
  }
}

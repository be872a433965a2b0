import { setTimeout as delay } from "node:timers/promises";
import type { Table } from "../bench.ts";
import { median } from "../statistics.ts";
import { BAR_FRAME_MS, GAMES, PEOPLE, WHEEL_PX, WHEELS_PER_SECOND } from "./constants.ts";
import type { DevTools } from "./devtools.ts";

/** Frames while somebody scrolled, ms each. */
export interface Scroll {
  readonly frames: readonly number[];
  /** The longest time in a row that scripts, styles and layout of the page took; 0 where none was over 50. */
  readonly longestTask: number;
  /** Pixels that were scrolled. */
  readonly distance: number;
}

/** What is scrolled: the whole page, or a box in it. */
export interface Scrolled {
  readonly what: string;
  /** Expression of the element. */
  readonly element: string;
}

export const LIBRARY: Scrolled = {
  what: `library, ${GAMES} cards`,
  element: "document.scrollingElement",
};
export const PARTY: Scrolled = {
  what: `party, ${GAMES} games of ${PEOPLE} people`,
  element: `document.querySelector(".grid-box")`,
};

const BEGIN = `
  window.tasks = [0];
  window.taskObserver ??= new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) window.tasks.push(duration);
  });
  window.taskObserver.observe({ type: "longtask" });
  window.frames = [];
  window.lastFrame = performance.now();
  window.isCounting = true;
  requestAnimationFrame(function count(now) {
    window.frames.push(now - window.lastFrame);
    window.lastFrame = now;
    if (window.isCounting) requestAnimationFrame(count);
  });
`;

/** Turns the wheel over an element, and looks at every frame meanwhile. */
export async function measureScroll(
  tools: DevTools,
  { element }: Scrolled,
  wheels: number,
  signal: AbortSignal,
): Promise<Scroll> {
  await tools.evaluate(`${element}.scrollTo({ top: 0, behavior: "instant" })`);
  if (element === PARTY.element) await tools.evaluate(`${element}.scrollIntoView()`);
  const place = await tools.evaluate<{ readonly x: number; readonly y: number }>(
    `(() => { const { left, top } = ${element}.getBoundingClientRect();
      return { x: Math.max(0, left) + 100, y: Math.max(0, top) + 200 }; })()`,
  );
  await tools.evaluate(BEGIN);
  const begun = performance.now();
  const isAtEnd = `${element}.scrollTop + ${element}.clientHeight >= ${element}.scrollHeight - 1`;
  for (let wheel = 1; wheel <= wheels; wheel += 1) {
    signal.throwIfAborted();
    const down = { type: "mouseWheel", ...place, deltaX: 0, deltaY: WHEEL_PX };
    await tools.askPage("Input.dispatchMouseEvent", down);
    // Asked seldom: it is work that no page has by itself.
    if (wheel % WHEELS_PER_SECOND === 0 && (await tools.evaluate<boolean>(isAtEnd))) break;
    await delay(Math.max(0, begun + (wheel * 1_000) / WHEELS_PER_SECOND - performance.now()));
  }
  const distance = await tools.evaluate<number>(`(window.isCounting = false, ${element}.scrollTop)`);
  const [, ...frames] = await tools.evaluate<number[]>("window.frames");
  const longestTask = await tools.evaluate<number>("Math.max(...window.tasks)");
  if (distance === 0) throw new Error(`${element} was not scrolled`);
  return { frames, distance, longestTask };
}

export function longest({ frames }: Scroll): number {
  return Math.max(...frames);
}

export function scrollTable(scrolls: readonly (readonly [Scrolled, readonly Scroll[]])[]): Table {
  return {
    title: `Scrolling, ${WHEELS_PER_SECOND} steps of ${WHEEL_PX} px a second`,
    columns: ["what", "px", "frames", "median ms", "p99 ms", "longest ms", "over 50 ms", "longest task ms"],
    rows: scrolls.map(([{ what }, rounds]) => {
      const frames = rounds.flatMap((round) => round.frames);
      const sorted = [...frames].sort((a, b) => a - b);
      return [
        what,
        median(rounds.map(({ distance }) => distance)),
        String(frames.length),
        median(frames),
        sorted[Math.floor(sorted.length * 0.99)] ?? null,
        median(rounds.map(longest)),
        String(frames.filter((frame) => frame > BAR_FRAME_MS).length),
        median(rounds.map(({ longestTask }) => longestTask)),
      ];
    }),
  };
}

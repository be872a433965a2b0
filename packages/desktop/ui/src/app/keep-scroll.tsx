import { useEffect, useLayoutEffect } from "react";
import { cameFromGame } from "./way-back.ts";

/** Where pages were scrolled to, px from the top. */
const kept = new Map<string, number>();

export interface KeepScrollProps {
  /** What is scrolled. */
  readonly of: string;
}

/** Frames within which the cards are drawn. */
const MOST_FRAMES = 10;

/** Gives the focus back to the card that one went away by. */
function focusLastCard(frames = MOST_FRAMES): void {
  const card = document.querySelector<HTMLElement>(".grid a[tabindex='0']");
  if (card !== null) card.focus({ preventScroll: true });
  else if (frames > 0) requestAnimationFrame(() => focusLastCard(frames - 1));
}

/** Stands behind a page: who comes back to it finds it scrolled as it was left. */
export function KeepScroll({ of }: KeepScrollProps) {
  useLayoutEffect(() => {
    scrollTo({ top: kept.get(of) ?? 0, behavior: "instant" });
  }, [of]);
  useEffect(() => {
    if (cameFromGame()) focusLastCard();
    // At the end alone: to ask while one scrolls means to lay out what has just come into sight at once.
    const onScrollEnd = (): void => {
      kept.set(of, scrollY);
    };
    addEventListener("scrollend", onScrollEnd, { passive: true });
    return () => removeEventListener("scrollend", onScrollEnd);
  }, [of]);
  return null;
}

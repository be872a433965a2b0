import { useEffect, useLayoutEffect } from "react";

/** Where pages were scrolled to, px from the top. */
const kept = new Map<string, number>();

export interface KeepScrollProps {
  /** What is scrolled. */
  readonly of: string;
}

/** Stands behind a page: who comes back to it finds it scrolled as it was left. */
export function KeepScroll({ of }: KeepScrollProps) {
  useLayoutEffect(() => {
    scrollTo({ top: kept.get(of) ?? 0, behavior: "instant" });
  }, [of]);
  useEffect(() => {
    const onScroll = (): void => {
      kept.set(of, scrollY);
    };
    addEventListener("scroll", onScroll, { passive: true });
    return () => removeEventListener("scroll", onScroll);
  }, [of]);
  return null;
}

import { useMemo, useSyncExternalStore } from "react";
import { parseRoute, type Route } from "./route.ts";

/** Where one is, at every moment. */
export function useRoute(): Route {
  const hash = useSyncExternalStore(follow, () => location.hash);
  return useMemo(() => parseRoute(hash), [hash]);
}

function follow(listener: () => void): () => void {
  addEventListener("hashchange", listener);
  return () => removeEventListener("hashchange", listener);
}

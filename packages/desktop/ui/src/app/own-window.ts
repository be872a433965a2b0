import { nextFrame } from "../state/next-frame.ts";
import type { PageState } from "../state/state.ts";
import { createStore, type Store } from "../state/store.ts";
import type { App } from "./context.ts";
import { asksBeforeLeaving } from "./leaving.ts";

/** Behind the keys that load the page anew, leaving it means that and nothing else for so long, milliseconds. */
const RELOAD_MS = 1_000;

/** Whether somebody has ended the app here: then it is no surprise that it is gone. */
export const hasQuit = createStore(false, nextFrame);

/** Tells the shell that there is a window, and whether somebody looks at it; asks before the last one is closed while games are on their way. */
export function beWindow({ store, ask }: Pick<App, "store" | "ask">): void {
  // The next connection tells it anew.
  const tell = (): void => void ask({ type: "tell-focus", has: document.hasFocus() }).catch(() => {});
  addEventListener("focus", tell);
  addEventListener("blur", tell);
  followConnection(store, tell);
  let reloadedAt = Number.NEGATIVE_INFINITY;
  addEventListener("keydown", ({ key, ctrlKey, metaKey }) => {
    if (key === "F5" || ((ctrlKey || metaKey) && key.toLowerCase() === "r")) reloadedAt = performance.now();
  });
  addEventListener("beforeunload", (event) => {
    const { snapshot, isConnected } = store.get();
    if (hasQuit.get() || performance.now() - reloadedAt < RELOAD_MS) return;
    if (asksBeforeLeaving(snapshot, isConnected)) event.preventDefault();
  });
}

function followConnection(store: Store<PageState>, onConnected: () => void): void {
  let was = false;
  store.subscribe(() => {
    const { isConnected } = store.get();
    if (isConnected && !was) {
      hasQuit.set(false);
      onConnected();
    }
    was = isConnected;
  });
}

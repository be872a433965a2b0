import { createContext, useContext, useSyncExternalStore } from "react";
import type { PageRequest } from "../../../protocol/messages.ts";
import type { Language, Translate } from "../i18n/translate.ts";
import type { PageState } from "../state/state.ts";
import type { Store } from "../state/store.ts";

/** What every component may use. */
export interface App {
  readonly store: Store<PageState>;
  /**
   * Asks the shell.
   *
   * @throws RefusedError
   */
  readonly ask: (request: PageRequest) => Promise<unknown>;
  /** Asks the shell, and shows the user why where it refuses. */
  readonly tryTo: (request: PageRequest) => void;
}

export const AppContext = createContext<App | null>(null);

export function useApp(): App {
  const app = useContext(AppContext);
  if (app === null) throw new Error("a component outside of the app");
  return app;
}

/** A part of the state. The component is drawn anew when it is another one; `select` should return what is there, not make it. */
export function usePageState<Part>(select: (state: PageState) => Part): Part {
  const { store } = useApp();
  return useSyncExternalStore(store.subscribe, () => select(store.get()));
}

export interface Texts {
  readonly language: Language;
  readonly t: Translate;
}

export const TextsContext = createContext<Texts | null>(null);

export function useTexts(): Texts {
  const texts = useContext(TextsContext);
  if (texts === null) throw new Error("a component outside of the app");
  return texts;
}

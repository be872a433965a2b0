import type { ListedGame } from "@lanspread/proto";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { failureOf } from "../../protocol/failures.ts";
import type { PageRequest } from "../../protocol/messages.ts";
import { AppPage } from "./app/app.tsx";
import { type App, AppContext } from "./app/context.ts";
import { newsOf, newsOfAnswer } from "./app/news.ts";
import { notice } from "./app/notices.tsx";
import { beWindow } from "./app/own-window.ts";
import { problemOf } from "./app/problem.ts";
import { Connection, RefusedError } from "./connection/connection.ts";
import { openSocket } from "./connection/open-socket.ts";
import { languageOf } from "./i18n/translate.ts";
import { calmly } from "./state/calmly.ts";
import { nextFrame } from "./state/next-frame.ts";
import { AT_START, isListOld, type PageState, stateAfter, stateWith } from "./state/state.ts";
import { createStore } from "./state/store.ts";
import "./app/app.css";

const store = createStore<PageState>(AT_START, nextFrame, calmly);

const connection = new Connection({
  open: openSocket,
  onStateChange: (isConnected) => store.set({ ...store.get(), isConnected }),
  onMessage: (message) => {
    if (message.type === "snapshot") {
      store.set(stateWith(store.get(), message.snapshot));
      return;
    }
    if (message.type === "windows") {
      const { snapshot } = store.get();
      if (snapshot !== null) store.set({ ...store.get(), snapshot: { ...snapshot, windows: message.count } });
      return;
    }
    if (message.type === "figures") {
      store.setCalmly(message.events.reduce(stateAfter, store.get()));
      return;
    }
    const after = stateAfter(store.get(), message.event);
    store.set(after);
    const failure = failureOf(message.event);
    if (failure !== null) notice(failure.why);
    const news = after.snapshot === null ? null : newsOf(message.event, after.snapshot);
    if (news !== null) notice(news);
    if (isListOld(message.event)) void renewList();
  },
});

/** A list that cannot be had now comes with the next snapshot. */
async function renewList(): Promise<void> {
  try {
    const { games } = (await connection.ask({ type: "command", command: { type: "list-games" } })) as {
      readonly games: readonly ListedGame[];
    };
    const state = store.get();
    if (state.snapshot !== null) store.set({ ...state, snapshot: { ...state.snapshot, games } });
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
  }
}

/** Games speak as the page does. */
function ask(request: PageRequest): Promise<unknown> {
  if (request.type !== "play" && request.type !== "start-server") return connection.ask(request);
  const language = languageOf(store.get().snapshot?.settings.language, navigator.languages);
  return connection.ask({ ...request, language });
}

const app: App = {
  store,
  ask,
  tryTo: (request) => {
    const answered = (data: unknown): void => {
      const { snapshot } = store.get();
      const news = snapshot === null ? null : newsOfAnswer(request, data, snapshot);
      if (news !== null) notice(news);
    };
    ask(request).then(answered, (error: unknown) => {
      if (!(error instanceof RefusedError)) throw error;
      notice(problemOf(request, error));
    });
  },
};

beWindow(app);

const root = document.getElementById("app");
if (root === null) throw new Error("the page has no place for the app");
createRoot(root).render(
  <StrictMode>
    <AppContext value={app}>
      <AppPage />
    </AppContext>
  </StrictMode>,
);

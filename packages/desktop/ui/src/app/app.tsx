import { useLayoutEffect, useMemo, useState, useSyncExternalStore } from "react";
import { Detail } from "../detail/detail.tsx";
import { createTranslate, languageOf } from "../i18n/translate.ts";
import { Library } from "../library/library.tsx";
import { Logs } from "../logs/logs.tsx";
import { Party } from "../party/party.tsx";
import { Settings } from "../settings/settings.tsx";
import { SetupProblems } from "../settings/setup-problems.tsx";
import { Welcome } from "../welcome/welcome.tsx";
import { TextsContext, usePageState } from "./context.ts";
import { KeepScroll } from "./keep-scroll.tsx";
import { Navigation } from "./navigation.tsx";
import { Notices } from "./notices.tsx";
import { hasQuit } from "./own-window.ts";
import type { Route } from "./route.ts";
import { useRoute } from "./use-route.ts";

/** The whole page. */
export function AppPage() {
  const isConnected = usePageState((state) => state.isConnected);
  const isEnded = useSyncExternalStore(hasQuit.subscribe, hasQuit.get);
  const hasSnapshot = usePageState((state) => state.snapshot !== null);
  const isWelcomed = usePageState((state) => state.snapshot?.settings.welcomed === true);
  const chosen = usePageState((state) => state.snapshot?.settings.language);
  const [browserLanguages] = useState(() => navigator.languages);
  const texts = useMemo(() => {
    const language = languageOf(chosen, browserLanguages);
    document.documentElement.lang = language;
    return { language, t: createTranslate(language) };
  }, [chosen, browserLanguages]);
  const route = useRoute();
  useLayoutEffect(() => {
    if (hasSnapshot) document.getElementById("outline")?.remove();
  }, [hasSnapshot]);
  return (
    <TextsContext value={texts}>
      {!isConnected && (
        <p className={hasSnapshot ? "banner" : "banner first"} role="status">
          {texts.t(isEnded ? "quit.gone" : hasSnapshot ? "connection.lost" : "connection.first")}
        </p>
      )}
      {hasSnapshot && !isWelcomed && <Welcome />}
      {hasSnapshot && isWelcomed && (
        <>
          <Navigation route={route} />
          <SetupProblems route={route} />
          <Page route={route} />
        </>
      )}
      <Notices />
    </TextsContext>
  );
}

function Page({ route }: { readonly route: Route }) {
  switch (route.page) {
    case "game":
      return <Detail gameId={route.gameId} />;
    case "logs":
      return <Logs />;
    case "settings":
      return <Settings />;
    case "party":
      return <Party />;
    default:
      return (
        <>
          <Library />
          <KeepScroll of="library" />
        </>
      );
  }
}

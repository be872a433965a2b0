import "./form.css";
import "./settings.css";
import { usePageState, useTexts } from "../app/context.ts";
import { usePageTitle } from "../app/use-page-title.ts";
import { About } from "./about.tsx";
import { GameFolderRow, PartyCaRow } from "./folder-row.tsx";
import { LanesRow } from "./lanes-row.tsx";
import { LanguageRow } from "./language-row.tsx";
import { NameRow } from "./name-row.tsx";
import { NetworksRow } from "./networks-row.tsx";

/** What can be chosen about the app and its peer. */
export function Settings() {
  const { t } = useTexts();
  usePageTitle(t("page.settings"));
  const isOccupied = usePageState((state) => (state.snapshot?.status.operations.length ?? 0) > 0);
  return (
    <main className="settings form">
      <h1>{t("page.settings")}</h1>
      <section aria-labelledby="settings-you">
        <h2 id="settings-you">{t("settings.you")}</h2>
        <NameRow setting="playerName" />
        <LanguageRow />
      </section>
      <section aria-labelledby="settings-games">
        <h2 id="settings-games">{t("settings.games")}</h2>
        <GameFolderRow />
      </section>
      <section aria-labelledby="settings-party">
        <h2 id="settings-party">{t("settings.party")}</h2>
        <NameRow setting="party" />
        <PartyCaRow />
      </section>
      <section aria-labelledby="settings-network">
        <h2 id="settings-network">{t("settings.network")}</h2>
        <NetworksRow />
        <LanesRow />
      </section>
      <p className="note" role="status">
        {t(isOccupied ? "settings.busy" : "settings.restarts")}
      </p>
      <section aria-labelledby="settings-about">
        <h2 id="settings-about">{t("settings.about")}</h2>
        <About />
      </section>
    </main>
  );
}

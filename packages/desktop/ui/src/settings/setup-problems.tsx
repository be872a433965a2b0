import "./form.css";
import type { PeerSetting, Settings, SettingsChange } from "../../../protocol/settings.ts";
import { usePageState, useTexts } from "../app/context.ts";
import { hrefOf, type Route } from "../app/route.ts";
import { Why } from "../app/why.tsx";
import type { TextKey } from "../i18n/texts.ts";
import { isTextKey } from "../i18n/translate.ts";
import { useChange } from "./use-change.ts";

/** Why a folder cannot be used, in the words of the page. */
function whyOf(code: string): TextKey {
  const key = `refused.${code}`;
  return isTextKey(key) ? key : "refused.other";
}

const OF_THE_PEER = ["playerName", "party", "partyCa", "interfaces", "lanes"] as const;

/** What was chosen, as a change: the peer is started with it once more. */
function chosenOf(settings: Settings = {}, fixed: readonly PeerSetting[] = []): SettingsChange {
  const chosen = OF_THE_PEER.filter((name) => settings[name] !== undefined && !fixed.includes(name));
  return Object.fromEntries(chosen.map((name) => [name, settings[name]]));
}

/** What is wrong with the settings, above every page. The settings say it themselves. */
export function SetupProblems({ route }: { readonly route: Route }) {
  const { t } = useTexts();
  const alone = usePageState((state) => state.snapshot?.setup.problem ?? null);
  const folder = usePageState((state) => state.snapshot?.gamesDirProblem ?? null);
  const gamesDir = usePageState((state) => state.snapshot?.status.gamesDir ?? "");
  const settings = usePageState((state) => state.snapshot?.settings);
  const fixed = usePageState((state) => state.snapshot?.setup.fixed);
  const { change, isBusy, refused } = useChange();
  const isSettings = route.page === "settings";
  const link = !isSettings && <a href={hrefOf({ page: "settings" })}>{t("setup.to-settings")}</a>;
  return (
    <>
      {alone !== null && (
        <div className="setup-problem form" role="alert">
          <div>
            <strong>{t("setup.alone")}</strong>
            <Why failure={refused ?? alone} />
          </div>
          <button type="button" disabled={isBusy} onClick={() => void change(chosenOf(settings, fixed))}>
            {t("setup.again")}
          </button>
          {link}
        </div>
      )}
      {folder !== null && !isSettings && (
        <div className="setup-problem form" role="alert">
          <p>
            <strong>{t("setup.folder", { folder: gamesDir })}</strong> {t(whyOf(folder.code))}{" "}
            {t("setup.folder-meanwhile")}
          </p>
          {link}
        </div>
      )}
    </>
  );
}

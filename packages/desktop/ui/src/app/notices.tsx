import type { GameId } from "@lanspread/proto";
import { useSyncExternalStore } from "react";
import { nextFrame } from "../state/next-frame.ts";
import { createStore } from "../state/store.ts";
import { useApp, useTexts } from "./context.ts";
import type { News } from "./news.ts";
import type { Problem } from "./problem.ts";
import { Why } from "./why.tsx";

/** Notices that are shown at once: older ones give way. */
const MOST_SHOWN = 3;

/** For so long brief ones are shown, milliseconds: time to read one sentence, and for most games to come up. */
const BRIEF_MS = 6_000;

type Notice = Problem | News;

const shown = createStore<readonly Notice[]>([], nextFrame);

/** Shows the user what went wrong, or what else there is to know; once, however often it is said. */
export function notice(one: Notice): void {
  const others = shown.get().filter((other) => keyOf(other) !== keyOf(one));
  shown.set([...others, one].slice(-MOST_SHOWN));
  if ("isBrief" in one) setTimeout(() => dismiss(one), BRIEF_MS);
}

function dismiss(one: Notice): void {
  shown.set(shown.get().filter((other) => other !== one));
}

function keyOf(one: Notice): string {
  return "code" in one ? `${one.code} ${one.message}` : `${one.text} ${JSON.stringify(one.values)}`;
}

export function Notices() {
  const { t } = useTexts();
  const notices = useSyncExternalStore(shown.subscribe, shown.get);
  return (
    <div className="notices" role="alert">
      {notices.map((one) => (
        <div className={"code" in one ? "notice" : "notice news"} key={keyOf(one)}>
          {"code" in one ? <Why failure={one} /> : <p>{t(one.text, one.values)}</p>}
          <div className="notice-buttons">
            {"folderOf" in one && <FolderButton problem={one} gameId={one.folderOf} />}
            <button type="button" onClick={() => dismiss(one)}>
              {t("error.dismiss")}
            </button>
          </div>
        </div>
      ))}
    </div>
  );
}

interface FolderButtonProps {
  readonly problem: Problem;
  readonly gameId: GameId;
}

/** Does what the notice advises, which then has said what it had to. */
function FolderButton({ problem, gameId }: FolderButtonProps) {
  const { t } = useTexts();
  const { tryTo } = useApp();
  const open = (): void => {
    dismiss(problem);
    tryTo({ type: "open-folder", gameId });
  };
  return (
    <button type="button" onClick={open}>
      {t("do.open-folder")}
    </button>
  );
}

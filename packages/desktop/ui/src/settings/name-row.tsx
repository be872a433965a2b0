import { useId, useState } from "react";
import { usePageState, useTexts } from "../app/context.ts";
import { Row, useIsBusy, useIsFixed } from "./row.tsx";
import { useChange } from "./use-change.ts";

/** Longest name that is taken, UTF-16 units. */
export const MAX_NAME = 40;

export interface NameRowProps {
  readonly setting: "playerName" | "party";
}

const TEXTS = {
  playerName: { label: "settings.name", hint: "settings.name-hint", shown: "name" },
  party: { label: "settings.party-name", hint: "settings.party-name-hint", shown: "party" },
} as const;

/** A name: it counts when it is saved. */
export function NameRow({ setting }: NameRowProps) {
  const { t } = useTexts();
  const id = useId();
  const { label, hint, shown } = TEXTS[setting];
  const saved = usePageState((state) => state.snapshot?.status[shown] ?? "");
  const isFixed = useIsFixed(setting);
  const isOccupied = useIsBusy();
  const { change, isBusy, refused } = useChange();
  const [draft, setDraft] = useState<string | null>(null);
  const value = draft ?? saved;
  const isNew = value.trim() !== saved;
  const save = async (): Promise<void> => {
    if (await change({ [setting]: value.trim() })) setDraft(null);
  };
  return (
    <Row label={label} hint={hint} control={id} isFixed={isFixed} refused={refused}>
      <form
        className="inline"
        onSubmit={(event) => {
          event.preventDefault();
          if (isNew && value.trim() !== "" && !isOccupied) void save();
        }}
      >
        <input
          id={id}
          type="text"
          autoComplete="off"
          spellCheck={false}
          maxLength={MAX_NAME}
          disabled={isFixed}
          readOnly={isBusy}
          value={value}
          onChange={({ target }) => setDraft(target.value)}
          onKeyDown={({ key }) => key === "Escape" && setDraft(null)}
        />
        {isNew && !isFixed && (
          <>
            <button type="submit" className="primary" disabled={isBusy || isOccupied || value.trim() === ""}>
              {t(isBusy ? "settings.saving" : "settings.save")}
            </button>
            <button type="button" disabled={isBusy} onClick={() => setDraft(null)}>
              {t("settings.undo")}
            </button>
          </>
        )}
      </form>
      {isNew && isOccupied && <p className="fixed">{t("settings.busy")}</p>}
    </Row>
  );
}

import { useEffect, useId, useState } from "react";
import type { NetworkChoice } from "../../../protocol/settings.ts";
import { useApp, usePageState, useTexts } from "../app/context.ts";
import { RefusedError } from "../connection/connection.ts";
import { Row, useIsBusy, useIsFixed } from "./row.tsx";
import { useChange } from "./use-change.ts";

const ALL: readonly string[] = [];

/** Which of the own networks are used: all of them, or those that are ticked. Counts when it is saved. */
export function NetworksRow() {
  const { t } = useTexts();
  const labelId = useId();
  const isFixed = useIsFixed("interfaces");
  const said = usePageState((state) => state.snapshot?.setup.said.interfaces ?? ALL);
  const kept = usePageState((state) => state.snapshot?.settings.interfaces ?? ALL);
  const saved = isFixed ? said : kept;
  const isOccupied = useIsBusy();
  const { change, isBusy, refused } = useChange();
  const [draft, setDraft] = useState<readonly string[] | null>(null);
  const choices = useNetworks(saved);
  const chosen = draft ?? saved;
  const isNew = draft !== null && [...draft].sort().join() !== [...saved].sort().join();
  const isLocked = isFixed || isBusy || isOccupied;
  const toggle = (address: string): void =>
    setDraft(chosen.includes(address) ? chosen.filter((other) => other !== address) : [...chosen, address]);
  const save = async (): Promise<void> => {
    if (await change({ interfaces: chosen.length === 0 ? null : [...chosen] })) setDraft(null);
  };
  return (
    <Row
      label="settings.networks"
      hint="settings.networks-hint"
      labelId={labelId}
      isFixed={isFixed}
      refused={refused}
    >
      <fieldset className="networks" aria-labelledby={labelId}>
        <label>
          <input
            type="checkbox"
            disabled={isLocked}
            checked={chosen.length === 0}
            onChange={() => setDraft(ALL)}
          />
          {t("settings.networks-all")}
        </label>
        {choices.map(({ address, name }) => (
          <label key={address}>
            <input
              type="checkbox"
              disabled={isLocked}
              checked={chosen.includes(address)}
              onChange={() => toggle(address)}
            />
            <span className="address">{address}</span>
            <span className={name === null ? "gone" : "soft"}>{name ?? t("settings.network-gone")}</span>
          </label>
        ))}
        {choices.length === 0 && <p className="soft">{t("settings.networks-none")}</p>}
      </fieldset>
      {isNew && !isFixed && (
        <div className="inline">
          <button type="button" className="primary" disabled={isLocked} onClick={() => void save()}>
            {t(isBusy ? "settings.saving" : "settings.save")}
          </button>
          <button type="button" disabled={isBusy} onClick={() => setDraft(null)}>
            {t("settings.undo")}
          </button>
        </div>
      )}
    </Row>
  );
}

/** The own addresses: asked for anew when others are chosen, and when somebody comes back to the window. */
function useNetworks(saved: readonly string[]): readonly NetworkChoice[] {
  const { ask } = useApp();
  const [choices, setChoices] = useState<readonly NetworkChoice[]>([]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the answer depends on what is saved
  useEffect(() => {
    let isOver = false;
    const look = async (): Promise<void> => {
      try {
        const found = (await ask({ type: "networks" })) as readonly NetworkChoice[];
        if (!isOver) setChoices(found);
      } catch (error) {
        // The next snapshot brings the page back, and this with it.
        if (!(error instanceof RefusedError)) throw error;
      }
    };
    const onFocus = (): void => void look();
    onFocus();
    addEventListener("focus", onFocus);
    return () => {
      isOver = true;
      removeEventListener("focus", onFocus);
    };
  }, [ask, saved]);
  return choices;
}

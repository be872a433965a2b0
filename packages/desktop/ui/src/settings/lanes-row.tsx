import { useId } from "react";
import { usePageState, useTexts } from "../app/context.ts";
import { Row, useIsBusy, useIsFixed } from "./row.tsx";
import { useChange } from "./use-change.ts";

/** As many as a peer takes. */
const MOST_LANES = 16;

export function LanesRow() {
  const { t } = useTexts();
  const id = useId();
  const chosen = usePageState((state) => state.snapshot?.settings.lanes ?? null);
  const running = usePageState((state) => state.snapshot?.status.lanes.length ?? 0);
  const isFixed = useIsFixed("lanes");
  const isOccupied = useIsBusy();
  const { change, isBusy, refused } = useChange();
  return (
    <Row label="settings.lanes" hint="settings.lanes-hint" control={id} isFixed={isFixed} refused={refused}>
      <select
        id={id}
        disabled={isFixed || isOccupied || isBusy}
        value={isFixed ? running : (chosen ?? "")}
        onChange={({ target }) => void change({ lanes: target.value === "" ? null : Number(target.value) })}
      >
        <option value="">
          {t("settings.lanes-auto")}
          {chosen === null && !isFixed ? ` (${running})` : ""}
        </option>
        {Array.from({ length: MOST_LANES + 1 }, (_, count) => count).map((count) => (
          <option key={count} value={count}>
            {count === 0 ? t("settings.lanes-none") : count}
          </option>
        ))}
      </select>
    </Row>
  );
}

import type { ReactNode } from "react";
import type { PeerSetting } from "../../../protocol/settings.ts";
import { usePageState, useTexts } from "../app/context.ts";
import type { TextKey } from "../i18n/texts.ts";
import { Refused } from "./refused.tsx";
import type { Change } from "./use-change.ts";

/** Whether a setting does not count, because who started the app has said otherwise. */
export function useIsFixed(setting: PeerSetting): boolean {
  return usePageState((state) => state.snapshot?.setup.fixed.includes(setting) ?? false);
}

/** Whether settings that connect anew cannot be changed at the moment. */
export function useIsBusy(): boolean {
  return usePageState((state) => (state.snapshot?.status.operations.length ?? 0) > 0);
}

export interface RowProps {
  readonly label: TextKey;
  readonly hint: TextKey;
  /** Of the control that the label is for; a group has none. */
  readonly control?: string;
  /** Id that a group is named by. */
  readonly labelId?: string;
  readonly isFixed?: boolean;
  readonly refused: Change["refused"];
  readonly children: ReactNode;
}

/** A setting: what it is, what it is for, what it is now. */
export function Row({ label, hint, control, labelId, isFixed = false, refused, children }: RowProps) {
  const { t } = useTexts();
  return (
    <div className="setting">
      <div className="setting-text">
        {control === undefined ? (
          <h3 id={labelId}>{t(label)}</h3>
        ) : (
          <label htmlFor={control} id={labelId}>
            {t(label)}
          </label>
        )}
        <p>{t(hint)}</p>
      </div>
      <div className="setting-control">
        {children}
        {isFixed && <p className="fixed">{t("settings.fixed")}</p>}
        <Refused reason={refused} />
      </div>
    </div>
  );
}

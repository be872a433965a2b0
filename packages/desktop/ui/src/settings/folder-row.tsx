import { useId, useState } from "react";
import { usePageState, useTexts } from "../app/context.ts";
import { FolderChooser } from "./chooser/folder-chooser.tsx";
import { FreeSpace } from "./free-space.tsx";
import { Refused } from "./refused.tsx";
import { Row, useIsBusy, useIsFixed } from "./row.tsx";
import { useChange } from "./use-change.ts";

/** The game folder as it is, and a way to another one. */
export function GameFolder({ labelId }: { readonly labelId: string }) {
  const { t } = useTexts();
  const path = usePageState((state) => state.snapshot?.status.gamesDir ?? "");
  const problem = usePageState((state) => state.snapshot?.gamesDirProblem ?? null);
  const isFixed = useIsFixed("gamesDir");
  const isOccupied = useIsBusy();
  const [isChoosing, setChoosing] = useState(false);
  const buttonId = useId();
  return (
    <>
      <div className={problem === null ? "folder-card" : "folder-card gone"}>
        <div>
          <p className="path">{path}</p>
          {problem === null ? <FreeSpace path={path} /> : <Refused reason={problem} />}
        </div>
        {!isFixed && (
          <button
            id={buttonId}
            type="button"
            className={problem === null ? "" : "primary"}
            aria-labelledby={`${buttonId} ${labelId}`}
            disabled={isOccupied}
            onClick={() => setChoosing(true)}
          >
            {t("settings.choose")}
          </button>
        )}
      </div>
      {isOccupied && !isFixed && <p className="fixed">{t("settings.busy")}</p>}
      {isChoosing && (
        <FolderChooser
          title="folder.title"
          start={path}
          changeTo={(gamesDir) => ({ gamesDir })}
          onClose={() => setChoosing(false)}
        />
      )}
    </>
  );
}

export function GameFolderRow() {
  const labelId = useId();
  const isFixed = useIsFixed("gamesDir");
  return (
    <Row
      label="settings.folder"
      hint="settings.folder-hint"
      labelId={labelId}
      isFixed={isFixed}
      refused={null}
    >
      <GameFolder labelId={labelId} />
    </Row>
  );
}

export function PartyCaRow() {
  const { t } = useTexts();
  const labelId = useId();
  const isFixed = useIsFixed("partyCa");
  const said = usePageState((state) => state.snapshot?.setup.said.partyCa ?? null);
  const kept = usePageState((state) => state.snapshot?.settings.partyCa ?? null);
  const chosen = isFixed ? said : kept;
  const isOccupied = useIsBusy();
  const [isChoosing, setChoosing] = useState(false);
  const { change, isBusy, refused } = useChange();
  return (
    <Row
      label="settings.party-ca"
      hint="settings.party-ca-hint"
      labelId={labelId}
      isFixed={isFixed}
      refused={refused}
    >
      <div className="folder-card">
        <p className={chosen === null ? "soft" : "path"}>{chosen ?? t("settings.party-open")}</p>
        {!isFixed && (
          <div className="inline">
            {chosen !== null && (
              <button
                type="button"
                disabled={isOccupied || isBusy}
                onClick={() => void change({ partyCa: null })}
              >
                {t("settings.party-ca-remove")}
              </button>
            )}
            <button
              type="button"
              aria-label={`${t("settings.choose")} ${t("settings.party-ca")}`}
              disabled={isOccupied || isBusy}
              onClick={() => setChoosing(true)}
            >
              {t("settings.choose")}
            </button>
          </div>
        )}
      </div>
      {isChoosing && (
        <FolderChooser
          title="folder.title-ca"
          start={chosen}
          changeTo={(partyCa) => ({ partyCa })}
          onClose={() => setChoosing(false)}
        />
      )}
    </Row>
  );
}

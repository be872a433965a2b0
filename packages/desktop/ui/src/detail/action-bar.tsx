import type { GameId, ListedGame } from "@lanspread/proto";
import { useState } from "react";
import type { PageRequest } from "../../../protocol/messages.ts";
import type { GameDetails } from "../../../protocol/snapshot.ts";
import { useApp, usePageState, useTexts } from "../app/context.ts";
import { ActionButton } from "../library/action-button.tsx";
import { type DetailAction, type DetailActionKind, detailActions } from "./actions.ts";
import { ConfirmRemove, ConfirmUninstall } from "./confirm.tsx";

export interface ActionBarProps {
  readonly game: ListedGame;
  /** Null before they are known. */
  readonly details: GameDetails | null;
  /** Something was confirmed: what had the focus may go. */
  readonly onConfirmed: () => void;
}

/** Everything that can be done with the game; what deletes something asks first. */
export function ActionBar({ game, details, onConfirmed }: ActionBarProps) {
  const { tryTo } = useApp();
  const [asked, setAsked] = useState<DetailActionKind | null>(null);
  const mayHost = usePageState((state) => state.snapshot?.facts[game.id]?.canHostServer === true);
  const actions = detailActions(game, {
    installedVersion: details?.installedVersion ?? null,
    canHost: mayHost && details?.bringsServer === true,
  });
  const begin = (kind: DetailActionKind): void => {
    if (ASKS.has(kind)) setAsked(kind);
    else tryTo(requestOf(kind, game.id));
  };
  const confirmed = (kind: DetailActionKind): void => {
    tryTo(requestOf(kind, game.id));
    onConfirmed();
  };
  const answers = { game, onClose: () => setAsked(null) };
  return (
    <div className="game-actions">
      <ActionButton game={game} />
      {actions.map((action) => (
        <OtherAction key={action.kind} action={action} onClick={() => begin(action.kind)} />
      ))}
      {asked === "uninstall" && <ConfirmUninstall {...answers} onConfirm={() => confirmed("uninstall")} />}
      {asked === "remove" && <ConfirmRemove {...answers} onConfirm={() => confirmed("remove")} />}
    </div>
  );
}

const ASKS: ReadonlySet<DetailActionKind> = new Set(["uninstall", "remove"] as const);

interface OtherActionProps {
  readonly action: DetailAction;
  readonly onClick: () => void;
}

function OtherAction({ action: { kind, why }, onClick }: OtherActionProps) {
  const { t } = useTexts();
  return (
    <button
      type="button"
      className={`other ${kind}`}
      disabled={why !== null}
      title={t(`do.${kind}-hint`)}
      onClick={onClick}
    >
      {t(`do.${kind}`)}
      {why !== null && <small>{t(`why.${why}`)}</small>}
    </button>
  );
}

/** What the shell is asked for. */
function requestOf(kind: DetailActionKind, gameId: GameId): PageRequest {
  switch (kind) {
    case "play":
    case "start-server":
    case "open-folder":
      return { type: kind, gameId };
    case "install-downloaded":
      return { type: "command", command: { type: "install-game", gameId } };
    case "download-too":
      return { type: "command", command: { type: "download-game-files", gameId } };
    case "update":
      return { type: "command", command: { type: "download-game-files", gameId, latest: true } };
    case "stream-install":
      return { type: "command", command: { type: "stream-install-game", gameId } };
    case "uninstall":
      return { type: "command", command: { type: "uninstall-game", gameId } };
    case "remove":
      return { type: "command", command: { type: "remove-downloaded-game", gameId } };
  }
}

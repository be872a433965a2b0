import type { ListedGame } from "@lanspread/proto";
import type { PageRequest } from "../../../protocol/messages.ts";
import { useApp, useTexts } from "../app/context.ts";
import { type Action, actionOf } from "./action.ts";

export interface ActionButtonProps {
  readonly game: ListedGame;
  readonly tabIndex?: number;
}

/** The one thing to do with a game as it is. */
export function ActionButton({ game, tabIndex = 0 }: ActionButtonProps) {
  const { tryTo } = useApp();
  const { t } = useTexts();
  const action = actionOf(game);
  const label = action.kind === "none" ? t(`why.${action.why}`) : t(`action.${action.kind}`);
  const request = requestOf(action, game);
  return (
    <button
      type="button"
      className={`action ${action.kind}`}
      tabIndex={tabIndex}
      disabled={request === null}
      aria-label={`${label}: ${game.name}`}
      onClick={() => request !== null && tryTo(request)}
    >
      {label}
    </button>
  );
}

/** What the shell is asked for; null where nothing can be asked. */
function requestOf({ kind }: Action, { id: gameId }: ListedGame): PageRequest | null {
  switch (kind) {
    case "download":
      return { type: "command", command: { type: "download-game-files", gameId } };
    case "update":
      return { type: "command", command: { type: "download-game-files", gameId, latest: true } };
    case "install":
      return { type: "command", command: { type: "install-game", gameId } };
    case "play":
      return { type: "play", gameId };
    case "cancel":
      return { type: "command", command: { type: "cancel-download", gameId } };
    default:
      return null;
  }
}

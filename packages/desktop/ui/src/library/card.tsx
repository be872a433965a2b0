import type { ListedGame } from "@lanspread/proto";
import { memo } from "react";
import type { PageRequest } from "../../../protocol/messages.ts";
import { useApp, usePageState, useTexts } from "../app/context.ts";
import { formatBytes } from "../shared/format.ts";
import { type Action, actionOf } from "./action.ts";
import { Cover } from "./cover.tsx";
import { Progress } from "./progress.tsx";

export interface CardProps {
  readonly game: ListedGame;
}

/** One game: what it is, in what state, and the one thing to do with it. */
export const Card = memo(function Card({ game }: CardProps) {
  const { language, t } = useTexts();
  const genre = usePageState((state) => state.snapshot?.facts[game.id]?.genre);
  const title = `game-${game.id}`;
  return (
    <article className="card" aria-labelledby={title}>
      <Cover id={game.id} name={game.name} />
      <p className="chips">
        <span className="chip">{t(stateOf(game))}</span>
        {game.peerCount > 0 && (
          <span className="chip" title={peersText(game.peerCount, t)}>
            <span aria-hidden="true">⇄ {game.peerCount}</span>
            <span className="only-read">{peersText(game.peerCount, t)}</span>
          </span>
        )}
      </p>
      <h2 id={title} title={game.name}>
        {game.name}
      </h2>
      <p className="facts">
        {[genre, game.size > 0 ? formatBytes(game.size, language) : undefined].filter(Boolean).join(" · ")}
      </p>
      {game.operation === null ? null : <Progress id={game.id} operation={game.operation} />}
      <ActionButton game={game} />
    </article>
  );
});

function ActionButton({ game }: CardProps) {
  const { tryTo } = useApp();
  const { t } = useTexts();
  const action = actionOf(game);
  const label = action.kind === "none" ? t(`why.${action.why}`) : t(`action.${action.kind}`);
  const request = requestOf(action, game);
  return (
    <button
      type="button"
      className={`action ${action.kind}`}
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

function stateOf({ installed, downloaded }: ListedGame) {
  if (installed) return downloaded ? "state.installed" : "state.streamed";
  return downloaded ? "state.downloaded" : "state.remote";
}

function peersText(count: number, t: ReturnType<typeof useTexts>["t"]): string {
  return count === 1 ? t("peers.one") : t("peers.many", { count });
}

import type { ListedGame } from "@lanspread/proto";
import { memo } from "react";
import { usePageState, useTexts } from "../app/context.ts";
import { hrefOf } from "../app/route.ts";
import { formatBytes } from "../shared/format.ts";
import { ActionButton } from "./action-button.tsx";
import { Cover } from "./cover.tsx";
import { Progress } from "./progress.tsx";

export interface CardProps {
  readonly game: ListedGame;
}

/** One game: what it is, in what state, and the one thing to do with it. */
export const Card = memo(function Card({ game }: CardProps) {
  const { language, t } = useTexts();
  const genre = usePageState((state) => state.snapshot?.facts[game.id]?.genre);
  const href = hrefOf({ page: "game", gameId: game.id });
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
        <a href={href}>{game.name}</a>
      </h2>
      <p className="facts">
        {[genre, game.size > 0 ? formatBytes(game.size, language) : undefined].filter(Boolean).join(" · ")}
      </p>
      {game.operation === null ? null : <Progress id={game.id} operation={game.operation} />}
      <ActionButton game={game} />
    </article>
  );
});

function stateOf({ installed, downloaded }: ListedGame) {
  if (installed) return downloaded ? "state.installed" : "state.streamed";
  return downloaded ? "state.downloaded" : "state.remote";
}

function peersText(count: number, t: ReturnType<typeof useTexts>["t"]): string {
  return count === 1 ? t("peers.one") : t("peers.many", { count });
}

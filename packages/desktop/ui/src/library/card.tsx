import "./card.css";
import type { ListedGame } from "@lanspread/proto";
import { memo } from "react";
import { usePageState, useTexts } from "../app/context.ts";
import { hrefOf } from "../app/route.ts";
import { explain } from "../i18n/explain.ts";
import { formatBytes } from "../shared/format.ts";
import { ActionButton } from "./action-button.tsx";
import { Cover } from "./cover.tsx";
import { Progress } from "./progress.tsx";
import { stateOf } from "./state-of.ts";

export interface CardProps {
  readonly game: ListedGame;
  /** px. */
  readonly coverHeight: number;
  /** Whether Tab leads to it: to others of the grid the arrow keys do. */
  readonly isCurrent: boolean;
}

/** One game: what it is, in what state, and the one thing to do with it. */
export const Card = memo(function Card({ game, coverHeight, isCurrent }: CardProps) {
  const { language, t } = useTexts();
  const genre = usePageState((state) => state.snapshot?.facts[game.id]?.genre);
  const failure = usePageState((state) => state.snapshot?.failures[game.id]);
  const href = hrefOf({ page: "game", gameId: game.id });
  const tabIndex = isCurrent ? 0 : -1;
  const state = stateOf(game);
  const title = `game-${game.id}`;
  const isCovered = game.operation !== null || failure !== undefined;
  return (
    <article className="card" aria-labelledby={title}>
      <div className={`picture ${isCovered ? "covered" : ""}`} style={{ height: coverHeight }}>
        <Cover id={game.id} name={game.name} />
        <p className="chips">
          <span className={`chip ${state}`} title={t(`state.${state}`)}>
            {t(`state.${state}`)}
          </span>
          {game.peerCount > 0 && (
            <span className="chip" title={peersText(game.peerCount, t)}>
              <svg viewBox="0 0 12 12" aria-hidden="true">
                <circle cx="6" cy="3.4" r="2.4" />
                <path d="M1.2 11.4a4.8 4.8 0 0 1 9.6 0z" />
              </svg>
              <span aria-hidden="true">{game.peerCount}</span>
              <span className="only-read">{peersText(game.peerCount, t)}</span>
            </span>
          )}
        </p>
        {game.operation === null ? null : <Progress id={game.id} operation={game.operation} />}
        {game.operation === null && failure !== undefined && (
          <p className="failure" title={explain(failure, language, t).what.text}>
            {t("state.failed")}
          </p>
        )}
      </div>
      <h2 id={title} title={game.name} dir="auto">
        <a href={href} tabIndex={tabIndex}>
          {game.name}
        </a>
      </h2>
      <p className="facts">
        {[genre, game.size > 0 ? formatBytes(game.size, language) : undefined].filter(Boolean).join(" · ")}
      </p>
      <ActionButton game={game} tabIndex={tabIndex} />
    </article>
  );
});

function peersText(count: number, t: ReturnType<typeof useTexts>["t"]): string {
  return count === 1 ? t("peers.one") : t("peers.many", { count });
}

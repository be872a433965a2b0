import type { ListedGame } from "@lanspread/proto";
import { useEffect, useRef } from "react";
import { usePageState, useTexts } from "../app/context.ts";
import { usePageTitle } from "../app/use-page-title.ts";
import { Why } from "../app/why.tsx";
import { Cover } from "../library/cover.tsx";
import { Progress } from "../library/progress.tsx";
import { stateOf } from "../library/state-of.ts";
import { ActionBar } from "./action-bar.tsx";
import { Facts } from "./facts.tsx";
import { Holders } from "./holders.tsx";
import { useDetails } from "./use-details.ts";

export interface GameProps {
  readonly game: ListedGame;
}

/** The page of a game that is known. */
export function Game({ game }: GameProps) {
  const { t } = useTexts();
  const heading = useRef<HTMLHeadingElement>(null);
  const toHeading = (): void => heading.current?.focus({ preventScroll: true });
  useEffect(toHeading, []);
  usePageTitle(game.name);
  const details = useDetails(game.id);
  const description = usePageState((state) => state.snapshot?.facts[game.id]?.description);
  const state = stateOf(game);
  return (
    <article className="game" aria-labelledby="detail-name">
      <div className="game-cover">
        <Cover id={game.id} name={game.name} />
      </div>
      <div className="game-main">
        <p>
          <span className={`chip ${state}`}>{t(`state.${state}`)}</span>
        </p>
        <h1 id="detail-name" ref={heading} tabIndex={-1} dir="auto">
          {game.name}
        </h1>
        {game.operation === null ? null : <Progress id={game.id} operation={game.operation} />}
        <LastFailure game={game} />
        <ActionBar game={game} details={details} onConfirmed={toHeading} />
        {details?.warnings.map((warning) => (
          <p key={warning} className="game-warning">
            {warning}
          </p>
        ))}
        {description !== undefined && (
          <p className="description" dir="auto">
            {description}
          </p>
        )}
        <Facts game={game} details={details} />
        {details !== null && <Holders game={game} details={details} />}
      </div>
    </article>
  );
}

/** Why what was tried last did not work: until something is tried again. */
function LastFailure({ game }: GameProps) {
  const { t } = useTexts();
  const failure = usePageState((state) => state.snapshot?.failures[game.id]);
  if (failure === undefined || game.operation !== null) return null;
  return (
    <div className="last-failure">
      <strong>{t("detail.failed")}</strong>
      <Why failure={failure} />
    </div>
  );
}

import type { ListedGame } from "@lanspread/proto";
import { useEffect, useRef } from "react";
import { ActionButton } from "../library/action-button.tsx";
import { Cover } from "../library/cover.tsx";
import { Progress } from "../library/progress.tsx";

export interface GameProps {
  readonly game: ListedGame;
}

/** The page of a game that is known. */
export function Game({ game }: GameProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus({ preventScroll: true }), []);
  return (
    <article aria-labelledby="detail-name">
      <Cover id={game.id} name={game.name} />
      <h1 id="detail-name" ref={heading} tabIndex={-1}>
        {game.name}
      </h1>
      {game.operation === null ? null : <Progress id={game.id} operation={game.operation} />}
      <ActionButton game={game} />
    </article>
  );
}

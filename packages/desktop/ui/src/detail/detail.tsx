import "./detail.css";
import { useEffect, useRef } from "react";
import { usePageState, useTexts } from "../app/context.ts";
import { hrefOf } from "../app/route.ts";
import { goToLibrary } from "../app/way-back.ts";
import { Game } from "./game.tsx";

export interface DetailProps {
  /** As the address has it. */
  readonly gameId: string;
}

/** Everything about one game, and everything that can be done with it. */
export function Detail({ gameId }: DetailProps) {
  const { t } = useTexts();
  const game = usePageState((state) => state.snapshot?.games.find(({ id }) => id === gameId));
  useEscape(goToLibrary);
  return (
    <main className="detail">
      <a
        className="way-back"
        href={hrefOf({ page: "library" })}
        onClick={(event) => {
          if (event.ctrlKey || event.metaKey || event.shiftKey) return;
          event.preventDefault();
          goToLibrary();
        }}
      >
        <span aria-hidden="true">←</span> {t("detail.back")}
      </a>
      {game === undefined ? <Gone gameId={gameId} /> : <Game key={game.id} game={game} />}
    </main>
  );
}

/** It was deleted, or those who have it have left, or the address was never right. */
function Gone({ gameId }: DetailProps) {
  const { t } = useTexts();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus({ preventScroll: true }), []);
  return (
    <div className="empty">
      <h1 ref={heading} tabIndex={-1}>
        {t("detail.gone")}
      </h1>
      <p>{t("detail.gone-hint", { id: gameId })}</p>
      <button type="button" onClick={goToLibrary}>
        {t("detail.to-library")}
      </button>
    </div>
  );
}

/** Escape leaves the page; in a dialog it only closes that. */
function useEscape(leave: () => void): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key !== "Escape" || event.defaultPrevented) return;
      if (document.querySelector("dialog[open]") === null) leave();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [leave]);
}

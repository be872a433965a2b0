import type { ListedGame } from "@lanspread/proto";
import type { ReactNode } from "react";
import type { GameDetails } from "../../../protocol/snapshot.ts";
import { usePageState, useTexts } from "../app/context.ts";
import { formatBytes, formatVersion } from "../shared/format.ts";
import { newestOf } from "../shared/versions.ts";

export interface FactsProps {
  readonly game: ListedGame;
  /** Null before they are known. */
  readonly details: GameDetails | null;
}

/** What there is to know; what nobody knows is left out. */
export function Facts({ game, details }: FactsProps) {
  const { language, t } = useTexts();
  const facts = usePageState((state) => state.snapshot?.facts[game.id]) ?? {};
  const offered = details === null ? null : newestOf(Object.values(details.holders));
  const installed = details?.installedVersion ?? null;
  return (
    <dl className="facts-table">
      <Fact name={t("fact.genre")}>{facts.genre}</Fact>
      <Fact name={t("fact.year")}>{facts.year}</Fact>
      <Fact name={t("fact.players")}>
        {facts.maxPlayers === undefined ? null : t("fact.up-to", { count: facts.maxPlayers })}
      </Fact>
      <Fact name={t("fact.size")}>{game.size > 0 ? formatBytes(game.size, language) : null}</Fact>
      <Fact name={t("fact.version-here")}>
        {game.localVersion === null ? null : formatVersion(game.localVersion)}
      </Fact>
      <Fact name={t("fact.version-installed")}>
        {installed === null || installed === game.localVersion ? null : formatVersion(installed)}
      </Fact>
      <Fact name={t("fact.version-offered")}>{offered === null ? null : formatVersion(offered)}</Fact>
      <Fact name={t("fact.id")}>{game.id}</Fact>
    </dl>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  if (children === null || children === undefined) return null;
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

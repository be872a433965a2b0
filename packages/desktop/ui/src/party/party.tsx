import "./party.css";
import { useMemo } from "react";
import { usePageState, useTexts } from "../app/context.ts";
import { useNetworkProblem } from "../app/use-network-problem.ts";
import { usePageTitle } from "../app/use-page-title.ts";
import { GameGrid } from "./game-grid.tsx";
import { People } from "./people.tsx";
import { Transfers } from "./transfers.tsx";
import { usePartyView } from "./use-party-view.ts";

/** Who is here, what everybody has, and who sends to whom. */
export function Party() {
  const { t } = useTexts();
  usePageTitle(t("page.party"));
  const party = usePageState((state) => state.snapshot?.status.party ?? "");
  const problem = useNetworkProblem();
  const view = usePartyView();
  const since = useMemo(
    () =>
      new Map(view?.members.flatMap((member) => (member.since > 0 ? [[member.peerId, member.since]] : []))),
    [view],
  );
  return (
    <main className="party">
      <h1>{t("party.title", { party })}</h1>
      {problem !== null && (
        <p className="problem" role="status" lang={problem.lang}>
          {problem.text}
        </p>
      )}
      <div className="party-top">
        <People since={since} />
        <Transfers />
      </div>
      <GameGrid view={view} />
    </main>
  );
}

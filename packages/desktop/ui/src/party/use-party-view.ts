import { useEffect, useState } from "react";
import type { PartyView } from "../../../protocol/snapshot.ts";
import { useApp, usePageState } from "../app/context.ts";
import { RefusedError } from "../connection/connection.ts";
import { createRenewal, type Renewal } from "../shared/renewal.ts";

/** Pause between two questions, milliseconds: of a large party the answer has some hundred kilobytes. */
const REST_MS = 500;

/** What everybody has: asked for while the page is open, and again when people or games have changed. Null before the first answer. */
export function usePartyView(): PartyView | null {
  const { ask } = useApp();
  const peers = usePageState((state) => state.snapshot?.peers);
  const games = usePageState((state) => state.snapshot?.games);
  const isConnected = usePageState((state) => state.isConnected);
  const [view, setView] = useState<PartyView | null>(null);
  const [renewal, setRenewal] = useState<Renewal | null>(null);
  useEffect(() => {
    const created = createRenewal(async () => {
      try {
        setView((await ask({ type: "party" })) as PartyView);
      } catch (error) {
        // The connection comes back, and is asked again then.
        if (!(error instanceof RefusedError)) throw error;
      }
    }, REST_MS);
    setRenewal(created);
    return created.stop;
  }, [ask]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a change of them is the reason to ask.
  useEffect(() => {
    if (isConnected) renewal?.wanted();
  }, [renewal, peers, games, isConnected]);
  return view;
}

import type { GameId } from "@lanspread/proto";
import { useEffect, useState } from "react";
import type { GameDetails } from "../../../protocol/snapshot.ts";
import { useApp, usePageState } from "../app/context.ts";
import { RefusedError } from "../connection/connection.ts";
import { createRenewal, type Renewal } from "../shared/renewal.ts";

/** Pause between two questions, milliseconds: who has a game changes with every library that changes. */
const REST_MS = 250;

/** What the list of all games does not say: asked for while the page is open, and again when it may be old. Null before the first answer. */
export function useDetails(gameId: GameId): GameDetails | null {
  const { ask } = useApp();
  const peers = usePageState((state) => state.snapshot?.peers);
  const games = usePageState((state) => state.snapshot?.games);
  const isConnected = usePageState((state) => state.isConnected);
  const [details, setDetails] = useState<GameDetails | null>(null);
  const [renewal, setRenewal] = useState<Renewal | null>(null);
  useEffect(() => {
    const created = createRenewal(async () => {
      try {
        setDetails((await ask({ type: "look-at-game", gameId })) as GameDetails);
      } catch (error) {
        // The connection comes back, and is asked again then.
        if (!(error instanceof RefusedError)) throw error;
      }
    }, REST_MS);
    setRenewal(created);
    return created.stop;
  }, [ask, gameId]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a change of them is the reason to ask.
  useEffect(() => {
    if (isConnected) renewal?.wanted();
  }, [renewal, peers, games, isConnected]);
  return details;
}

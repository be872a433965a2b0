import type { Peer } from "@lanspread/peer";
import type { Reporter } from "../report/reporter.ts";

/**
 * Says that a peer's games directory cannot be used, now and whenever that changes. Who stays with such a peer waits for the
 * directory; returns what ends the telling.
 */
export function tellGamesDirProblem(reporter: Reporter, peer: Peer): () => void {
  let told: string | null = null;
  const tell = (): void => {
    const { gamesDirProblem: problem } = peer.snapshot();
    if ((problem?.message ?? null) === told) return;
    told = problem?.message ?? null;
    if (problem === null) {
      reporter.notice("the games directory can be used now");
      return;
    }
    reporter.failure(problem);
    reporter.notice("nothing is shared meanwhile; it is taken as soon as it can be used");
  };
  tell();
  return peer.onEvent(({ type }) => {
    if (type === "local-library-changed") tell();
  });
}

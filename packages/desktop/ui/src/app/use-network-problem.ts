import { explain, type Told } from "../i18n/explain.ts";
import { usePageState, useTexts } from "./context.ts";

/** Why nobody can be found; null where others can. */
export function useNetworkProblem(): Told | null {
  const { language, t } = useTexts();
  const message = usePageState((state) => state.snapshot?.networkProblem ?? null);
  return message === null ? null : explain({ code: "no-network-interface", message }, language, t).what;
}

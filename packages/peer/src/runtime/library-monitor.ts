import type { Library } from "../library/index.ts";
import type { Clock } from "../peers/index.ts";
import { RESCAN_INTERVAL_MS } from "./constants.ts";
import { pause, type Service } from "./supervisor.ts";

/**
 * The service that looks through the games directory again and again. Each run begins with a whole scan.
 *
 * @param begun the first run's scan, which has begun already
 */
export function libraryMonitor(
  library: Pick<Library, "start" | "rescanAll">,
  { begun, clock }: { readonly begun: Promise<void>; readonly clock: Clock },
): Service {
  let scan: Promise<void> | null = begun;
  return {
    name: "the local library",
    run: async (signal) => {
      const first = scan ?? library.start();
      scan = null;
      await first;
      while (!signal.aborted) {
        await pause(RESCAN_INTERVAL_MS, { clock, signal });
        if (!signal.aborted) await library.rescanAll();
      }
    },
  };
}

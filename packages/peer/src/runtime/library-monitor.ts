import { type Library, monitorLibrary } from "../library/index.ts";
import type { Logger } from "../logger.ts";
import type { Clock } from "../peers/index.ts";
import type { Service } from "./supervisor.ts";

export interface LibraryMonitorService {
  /** The first run's scan, which has begun already. */
  readonly begun: Promise<void>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The service that keeps the library true to its disk. Each run begins with a whole scan. */
export function libraryMonitor(library: Library, options: LibraryMonitorService): Service {
  const { begun, clock, logger } = options;
  let scan: Promise<void> | null = begun;
  return {
    name: "the local library",
    run: async (signal) => {
      const first = scan ?? library.start();
      scan = null;
      await first;
      await monitorLibrary({ library, clock, logger: logger.child("watch") }, signal);
    },
  };
}

import { toPeerError } from "../errors/index.ts";
import type { Clock } from "./clock.ts";
import { DISCOVERY_RESTART_MS } from "./constants.ts";
import type { Discovery, DiscoveryFactory, DiscoveryOptions } from "./discovery.ts";
import { Timer } from "./timer.ts";

/**
 * Discovery that is tried again while it cannot be started: a peer that nobody finds can still be connected to. Meanwhile
 * `problem` says why.
 */
export function keepDiscovering(
  factory: DiscoveryFactory,
  options: DiscoveryOptions,
  clock: Clock,
): Discovery {
  const restart = new Timer(clock);
  let { library_rev } = options.self;
  let running: Discovery | null = null;
  let failure: unknown = null;

  const start = () => {
    try {
      running = factory({ ...options, self: { ...options.self, library_rev } });
      failure = null;
    } catch (error) {
      failure = error;
      options.logger.warn("discovery could not be started, and is tried again", { error });
      restart.set(start, DISCOVERY_RESTART_MS);
    }
  };
  start();
  return {
    update: (libraryRev) => {
      library_rev = libraryRev;
      running?.update(libraryRev);
    },
    problem: () => (failure === null ? (running?.problem() ?? null) : toPeerError(failure)),
    stop: async (waiting) => {
      restart.clear();
      await running?.stop(waiting);
    },
  };
}

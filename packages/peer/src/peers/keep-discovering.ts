import type { PeerId } from "@lanspread/proto";
import { toPeerError } from "../errors/index.ts";
import type { Clock } from "./clock.ts";
import { DISCOVERY_RESTART_MS, DISCOVERY_STOP_MS } from "./constants.ts";
import type { Discovery, DiscoveryFactory, DiscoveryOptions } from "./discovery.ts";
import { Timer } from "./timer.ts";

/**
 * Discovery that is started again where it cannot be started, or fails later: a peer that nobody finds can still be connected
 * to. Meanwhile `problem` says why.
 */
export function keepDiscovering(
  factory: DiscoveryFactory,
  options: DiscoveryOptions,
  clock: Clock,
): Discovery {
  const restart = new Timer(clock);
  let { library_rev } = options.self;
  let running: Discovery | null = null;
  let failure: { readonly error: unknown } | null = null;
  let stopped = false;
  /** Who is announced, as far as the running discovery has said. */
  const shown = new Set<PeerId>();

  const startLater = (error: unknown, what: string) => {
    running = null;
    failure = { error };
    options.logger.warn(`discovery ${what}, and is started again`, { error });
    restart.set(start, DISCOVERY_RESTART_MS);
  };
  const fail = (discovery: Discovery, error: unknown) => {
    if (stopped || running !== discovery) return;
    startLater(error, "failed");
    // What is left of it must not announce this peer a second time; how its end goes makes no difference.
    discovery.stop({ signal: AbortSignal.timeout(DISCOVERY_STOP_MS) }).catch(() => {});
    // Who leaves before the next one has started would be looked for for ever.
    for (const peerId of shown) options.onGone(peerId);
    shown.clear();
  };
  const start = () => {
    // The factory returns before it calls a handler.
    let started: Discovery | null = null;
    const isRunning = () => started !== null && running === started;
    try {
      const discovery = factory({
        ...options,
        self: { ...options.self, library_rev },
        onSeen: (seen) => {
          if (!isRunning()) return;
          shown.add(seen.peerId);
          options.onSeen(seen);
        },
        onGone: (peerId) => {
          if (isRunning() && shown.delete(peerId)) options.onGone(peerId);
        },
      });
      started = discovery;
      running = discovery;
      failure = null;
      void discovery.failed?.then((error) => fail(discovery, error));
    } catch (error) {
      startLater(error, "could not be started");
    }
  };
  start();
  return {
    update: (libraryRev) => {
      library_rev = libraryRev;
      const discovery = running;
      try {
        discovery?.update(libraryRev);
      } catch (error) {
        if (discovery !== null) fail(discovery, error);
      }
    },
    problem: () => (failure === null ? (running?.problem() ?? null) : toPeerError(failure.error)),
    stop: async (waiting) => {
      stopped = true;
      restart.clear();
      await running?.stop(waiting);
    },
  };
}

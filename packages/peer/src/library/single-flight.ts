/** Work on keys, at most one run per key at a time. */
export interface SingleFlight<K> {
  /**
   * Runs the work for `key` from its beginning after this call: a run that is under way is followed by one more,
   * however many ask meanwhile. Resolves or rejects with the last of them.
   */
  run(key: K): Promise<void>;
  /** Resolves when nothing runs. */
  idle(): Promise<void>;
}

interface Flight {
  pending: boolean;
  readonly ended: Promise<void>;
}

/**
 * @param work `superseded()` says that the run will be followed by another one: its result is of no use any more.
 */
export function createSingleFlight<K>(
  work: (key: K, superseded: () => boolean) => Promise<void>,
): SingleFlight<K> {
  const flights = new Map<K, Flight>();

  const fly = async (key: K, flight: () => Flight): Promise<void> => {
    try {
      // The flight is entered in the map before its work begins.
      await Promise.resolve();
      do {
        flight().pending = false;
        const superseded = (): boolean => flight().pending;
        try {
          await work(key, superseded);
        } catch (error) {
          if (!superseded()) throw error;
        }
      } while (flight().pending);
    } finally {
      flights.delete(key);
    }
  };

  return {
    run: (key) => {
      const running = flights.get(key);
      if (running !== undefined) {
        running.pending = true;
        return running.ended;
      }
      const flight: Flight = { pending: false, ended: fly(key, () => flight) };
      flights.set(key, flight);
      return flight.ended;
    },
    idle: async () => {
      while (flights.size > 0) await Promise.allSettled([...flights.values()].map(({ ended }) => ended));
    },
  };
}

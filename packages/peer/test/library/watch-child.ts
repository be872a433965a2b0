import { setTimeout as delay } from "node:timers/promises";
import { openCatalogForAll } from "../../src/catalog/index.ts";
import { createLibrary, monitorLibrary } from "../../src/library/index.ts";
import { createLogger } from "../../src/logger.ts";
import { systemClock } from "../../src/peers/index.ts";
import { openStateDir } from "../../src/storage/index.ts";
import { inotifyWatches } from "./watching.ts";

/** What the child says at its end. */
export interface WatchReport {
  /** inotify watches while the monitor ran. */
  readonly watches: number;
  /** The library's warnings then. */
  readonly warnings: readonly string[];
  /** What was logged about the watch. */
  readonly logged: readonly string[];
  readonly games: readonly string[];
  /** inotify watches after the monitor's end. */
  readonly left: number;
}

/** How long the child gives the monitor at most, ms. */
const PATIENCE_MS = 60_000;

/**
 * Watches a games directory until there are as many watches as expected or a warning says why there are not, then ends
 * everything, says what it saw, and ends by itself.
 */
async function main(gamesDir: string, stateDir: string, expected: number): Promise<void> {
  const logged: string[] = [];
  const library = createLibrary({
    gamesDir,
    stateDir: await openStateDir(stateDir),
    catalog: openCatalogForAll,
    isBusy: () => false,
  });
  await library.start();
  const stopping = new AbortController();
  const logger = createLogger({ level: "warn", sink: ({ message }) => logged.push(message) });
  const monitor = monitorLibrary({ library, clock: systemClock, logger }, stopping.signal);
  const end = performance.now() + PATIENCE_MS;
  while (inotifyWatches() < expected && library.state().warnings.length === 0 && performance.now() < end)
    await delay(20);
  const watches = inotifyWatches();
  const { warnings } = library.state();
  const games = library.snapshot().games.map(({ id }) => id);
  stopping.abort();
  await monitor;
  await library.close();
  const report: WatchReport = { watches, warnings, logged, games, left: inotifyWatches() };
  process.stdout.write(JSON.stringify(report));
}

const [gamesDir, stateDir, expected] = process.argv.slice(2);
if (gamesDir !== undefined && stateDir !== undefined) await main(gamesDir, stateDir, Number(expected));

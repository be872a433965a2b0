import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { BenchContext, Table } from "../bench.ts";
import { makeGames } from "../library/make-games.ts";
import { median, spread } from "../statistics.ts";
import { MEASURED_FLAGS, toolsOf, until } from "./browser.ts";
import { OWN_GAMES, SHOWN_MS } from "./constants.ts";
import { startProgram } from "./program.ts";

/** Where the app has its browser's profile, in the state directory. */
const PROFILE = "desktop-profile";

/** Moments of a start, ms from the start of the shell's process. */
export interface Start {
  /** The browser has begun to load the page. */
  readonly asked: number;
  /** Something is painted. */
  readonly painted: number;
  /** The largest of the texts and pictures is painted: there are games. */
  readonly games: number;
}

interface PageTimes {
  /** Milliseconds since 1970. */
  readonly origin: number;
  readonly painted: number;
  readonly games: number;
}

/** Asked when there are games: what is painted of them is known when it was shown, which is a moment later. */
const TIMES = `new Promise((resolve) => {
  setTimeout(() => new PerformanceObserver((list) => resolve({
    origin: performance.timeOrigin,
    painted: performance.getEntriesByName("first-contentful-paint")[0].startTime,
    games: list.getEntries().at(-1).startTime,
  })).observe({ type: "largest-contentful-paint", buffered: true }), ${SHOWN_MS});
})`;

/** Starts the app again and again. The first start makes identity, index and profile; it stands first. */
export async function measureStarts(
  dir: string,
  rounds: number,
  { progress, signal }: BenchContext,
): Promise<readonly Start[]> {
  const gamesDir = join(dir, "games");
  const stateDir = join(dir, "state");
  await makeGames(gamesDir, OWN_GAMES);
  await mkdir(stateDir, { recursive: true });
  // Whoever is welcomed is asked for a name first, and sees no games.
  await writeFile(join(stateDir, "desktop.json"), JSON.stringify({ welcomed: true }));
  const starts: Start[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    progress(`start ${round} of ${rounds}`);
    starts.push(await measureStart({ gamesDir, stateDir }, signal));
  }
  return starts;
}

async function measureStart(
  { gamesDir, stateDir }: { readonly gamesDir: string; readonly stateDir: string },
  signal: AbortSignal,
): Promise<Start> {
  const profile = join(stateDir, PROFILE);
  // Of the last run: it would be taken for this one's.
  await rm(join(profile, "DevToolsActivePort"), { force: true });
  const begun = performance.timeOrigin + performance.now();
  await using program = startProgram([
    ...["desktop", "--games-dir", gamesDir, "--state-dir", stateDir],
    // Nobody else is in this party, and nothing leaves this computer.
    ...["--party", `bench-${process.pid}`, "--listen", "127.0.0.1:0", "--interface", "127.0.0.1"],
    ...MEASURED_FLAGS.map((flag) => `--browser-flag=${flag}`),
  ]);
  using tools = await Promise.race([toolsOf(profile, signal), program.failed]);
  await until(tools, `document.querySelector("article")`, signal);
  const { origin, painted, games } = await tools.evaluate<PageTimes>(TIMES);
  return { asked: origin - begun, painted: origin + painted - begun, games: origin + games - begun };
}

export function startTable(starts: readonly Start[]): Table {
  const [first, ...others] = starts;
  const row = (what: string, of: readonly Start[]) => [
    what,
    median(of.map(({ asked }) => asked)),
    median(of.map(({ painted }) => painted)),
    spread(of.map(({ painted }) => painted)),
    median(of.map(({ games }) => games)),
  ];
  return {
    title: `Start of the app with ${OWN_GAMES} games, ms from the start of the shell's process`,
    columns: ["start", "page asked for", "first paint", "from-to", "games painted"],
    rows: [row("the very first", first === undefined ? [] : [first]), row("later", others)],
  };
}

import type { BuiltCatalog, MeasureProgress } from "@lanspread/peer";
import { EXIT } from "../exit-codes.ts";
import { CommandError, toFailure } from "../failure.ts";
import { formatBytes, formatEta, formatRate } from "../report/format.ts";
import type { CommandContext, CommandOutcome } from "../run-command.ts";

export interface CatalogBuildFlags {
  readonly out?: string;
  readonly merge?: string;
  readonly name?: string;
  readonly force?: boolean;
  readonly prune?: boolean;
}

/** The one bar shows all games together. */
const BAR = "catalog";
/** A line appears for every game, and whenever another tenth of all bytes is done. */
const STEPS = 10;

/** `lanspread catalog build`: a catalog of the games in a folder. Needs no peer. */
export async function catalogBuild(
  context: CommandContext,
  directory: string,
  flags: CatalogBuildFlags,
): Promise<CommandOutcome> {
  const { reporter, signal } = context;
  const { buildCatalog } = await import("@lanspread/peer");
  const progress = reporter.openProgress("nothing");
  let built: BuiltCatalog;
  try {
    const isNews = createSteps();
    built = await buildCatalog({
      ...flags,
      gamesDir: directory,
      signal,
      onSkipped: (sentence) => reporter.notice(`skipped: ${sentence}`),
      onFailed: ({ id, error }) =>
        reporter.failure({ ...toFailure(error), message: `${id}: ${error.message}` }),
      onProgress: (sample) => {
        if (isNews(sample)) reporter.notice(describeProgress(sample));
        progress.update(BAR, { ...sample, label: sample.gameId, phase: "hashing" });
      },
    });
  } finally {
    progress.close();
  }
  const { measured, failed, kept, file } = built;
  if (measured.length === 0 && failed.length === 0) {
    throw new CommandError({
      code: "nothing-found",
      message: `there is no game in ${directory}`,
      hint: "A game is a folder of a-z, 0-9, _ and - with a version.ini in it; --help shows an example.",
    });
  }
  const failedIds = new Set(failed.map(({ id }) => id));
  for (const id of kept) {
    const why = failedIds.has(id) ? "could not be read" : `is not in ${directory} (--prune leaves it out)`;
    reporter.notice(`${id} ${why}: its earlier entry stays as it was`);
  }
  for (const id of failedIds) if (!kept.includes(id)) reporter.notice(`${id} is left out of the catalog`);
  const nothing = measured.length === 0;
  if (nothing && file === null) reporter.notice("no catalog was made");
  return {
    exit: failed.length === 0 ? EXIT.done : EXIT.failed,
    result: nothing ? { kind: "nothing" } : { kind: "catalog", catalog: built },
  };
}

/** Says which samples a log tells of. */
function createSteps(): (sample: MeasureProgress) => boolean {
  let last = "";
  return ({ gameId, doneBytes, totalBytes }) => {
    const share = totalBytes === 0 ? 1 : doneBytes / totalBytes;
    const step = `${gameId} ${Math.floor(share * STEPS)}`;
    const isNew = step !== last;
    last = step;
    return isNew;
  };
}

/** `hashing quake3: 102.4 MiB of 256.0 MiB, 80.0 MiB/s, 2 s left`. */
function describeProgress(sample: MeasureProgress): string {
  const { gameId, doneBytes, totalBytes, bytesPerSecond, etaSeconds } = sample;
  const amount = `hashing ${gameId}: ${formatBytes(doneBytes)} of ${formatBytes(totalBytes)}`;
  if (bytesPerSecond === null) return amount;
  return `${amount}, ${formatRate(bytesPerSecond)}, ${formatEta(etaSeconds)} left`;
}

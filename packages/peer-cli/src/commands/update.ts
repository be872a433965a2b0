import { compareVersions, type GameId, type ListedGame } from "@lanspread/proto";
import { CommandError, type Failure, toFailure } from "../failure.ts";
import type { PeerLink } from "../link/peer-link.ts";
import type { PeerFlags, WaitFlags } from "../options.ts";
import { count, formatVersion } from "../report/format.ts";
import type { CommandContext, CommandOutcome } from "../run-command.ts";
import { discover, requireNetwork } from "./discovery.ts";
import { checkGameIds, isUpToDate, type Job, operateOnGames } from "./operate.ts";

/**
 * `lanspread update [ID...]`: brings games that are here to the newest version that the party has, and what is installed of
 * them with it. Without ids: all of them.
 */
export async function update(
  context: CommandContext,
  ids: readonly string[],
  flags: PeerFlags & WaitFlags,
): Promise<CommandOutcome> {
  const named = checkGameIds(ids);
  const outcome = await operateOnGames(context, flags, {
    verb: "update",
    ids: named,
    lookAround: async (link) => {
      const enough = named.length === 0 ? {} : { enough: () => everyGameNewer(link, named) };
      await discover(context, link, { seconds: flags.wait, ...enough });
      await requireNetwork(link);
    },
    jobs: async (link) => {
      const games = await link.listGames();
      const chosen = named.length === 0 ? everyGameHere(context, games) : named;
      tellUnknown(context, games, new Set(chosen));
      return chosen.map((id) => {
        const game = games.find((listed) => listed.id === id);
        if (game?.downloaded !== true) return refusal(id, game);
        if (isNewer(game)) tell(context, game);
        return jobOf(game);
      });
    },
  });
  return named.length > 0 ? outcome : withoutUpToDate(context, outcome);
}

const NOTHING_HERE: Failure = {
  code: "nothing-found",
  message: "no game is downloaded here",
  hint: "`lanspread games` lists what there is, `lanspread get` downloads it.",
};

/** Fetches the newer version; where it is here already, it may still have to be installed: an update may have failed. */
function jobOf(game: ListedGame): Job {
  const { id: gameId, installed } = game;
  return {
    gameId,
    install: installed,
    begin: async (link) => {
      if (isNewer(game)) {
        await link.download(gameId, { install: installed, latest: true });
        return "accepted";
      }
      if (!installed) return "up-to-date";
      return installDownloaded(link, gameId);
    },
  };
}

async function installDownloaded(link: PeerLink, gameId: GameId): Promise<"accepted" | "up-to-date"> {
  try {
    await link.install(gameId);
    return "accepted";
  } catch (error) {
    if (toFailure(error).code === "already-installed") return "up-to-date";
    throw error;
  }
}

/** What is not here cannot be updated: the other games that were named can. */
function refusal(gameId: GameId, game: ListedGame | undefined): Job {
  const failure: Failure =
    game !== undefined
      ? {
          code: "not-downloaded",
          message: `${gameId} is not downloaded: there is nothing to update`,
          hint: `\`lanspread get ${gameId}\` downloads the newest version.`,
        }
      : { code: "unknown-game", message: `${gameId} is neither here nor at anybody else` };
  return { gameId, install: false, begin: () => Promise.reject(new CommandError(failure)) };
}

/** @throws CommandError `nothing-found` */
function everyGameHere(context: CommandContext, games: readonly ListedGame[]): readonly GameId[] {
  const here = games.filter(({ downloaded, operation }) => downloaded || operation !== null);
  if (here.length === 0) throw new CommandError(NOTHING_HERE);
  const busy = here.filter(({ operation }) => operation !== null);
  for (const { id, operation } of busy)
    context.reporter.notice(`${id} is ${operation} at the moment: left out`);
  return here.filter(({ operation }) => operation === null).map(({ id }) => id);
}

/** Whether somebody can give a newer version than the one that is here. */
function isNewer({ version, localVersion, peerCount }: ListedGame): boolean {
  if (version === null || localVersion === null || peerCount === 0) return false;
  return compareVersions(version, localVersion) > 0;
}

async function everyGameNewer(link: PeerLink, ids: readonly GameId[]): Promise<boolean> {
  const games = await link.listGames();
  return ids.every((id) => games.some((game) => game.id === id && isNewer(game)));
}

function tell(context: CommandContext, { id, version, localVersion }: ListedGame): void {
  context.reporter.notice(
    `${id}: ${formatVersion(localVersion)} is here, ${formatVersion(version)} is there`,
  );
}

/** "Up to date" is as far as is known: where nobody else has a game, nothing is. */
function tellUnknown(
  context: CommandContext,
  games: readonly ListedGame[],
  chosen: ReadonlySet<GameId>,
): void {
  const unknown = games.filter(
    ({ id, downloaded, peerCount }) => chosen.has(id) && downloaded && peerCount === 0,
  );
  if (unknown.length === 0) return;
  const which = unknown.length === 1 ? unknown[0]?.id : count(unknown.length, "game");
  context.reporter.notice(
    `${which}: at nobody else now, so it is not known whether there is a newer version`,
  );
}

/** Of games that nobody named, those that needed nothing are only counted. */
function withoutUpToDate(context: CommandContext, outcome: CommandOutcome): CommandOutcome {
  const { result } = outcome;
  if (result.kind !== "operations") return outcome;
  const outcomes = result.outcomes.filter((each) => !isUpToDate(each));
  if (outcomes.length === 0) context.reporter.notice("everything that is here is up to date");
  return { ...outcome, result: { ...result, outcomes } };
}

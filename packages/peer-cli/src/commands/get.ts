import type { GameId } from "@lanspread/proto";
import { CommandError } from "../failure.ts";
import type { PeerLink } from "../link/peer-link.ts";
import type { PeerFlags, WaitFlags } from "../options.ts";
import type { CommandContext, CommandOutcome } from "../run-command.ts";
import { discover, requireNetwork } from "./discovery.ts";
import { checkGameIds, type Job, operateOnGames } from "./operate.ts";

export interface GetFlags extends WaitFlags {
  /** False with `--no-install`. */
  readonly install: boolean;
  /** Installs what comes without storing the archives. */
  readonly lowDisk?: boolean;
}

/** `lanspread get ID...`: downloads games from the others and installs them. */
export function get(
  context: CommandContext,
  ids: readonly string[],
  flags: PeerFlags & GetFlags,
): Promise<CommandOutcome> {
  const games = checkGameIds(ids);
  if (flags.lowDisk === true && !flags.install) {
    throw new CommandError({
      code: "usage",
      message: "--low-disk installs a game without keeping its download: it cannot go with --no-install",
      hint: "Leave out one of the two.",
    });
  }
  return operateOnGames(context, flags, {
    verb: "get",
    ids: games,
    lookAround: async (link) => {
      await discover(context, link, { seconds: flags.wait, enough: () => everyGameOffered(link, games) });
      if (!(await everyGameHere(link, games))) await requireNetwork(link);
    },
    jobs: async () =>
      games.map((gameId) => (flags.lowDisk === true ? stream(gameId) : download(gameId, flags))),
  });
}

function download(gameId: GameId, { install }: GetFlags): Job {
  return {
    gameId,
    install,
    begin: async (link) => {
      await link.download(gameId, { install });
      return "accepted";
    },
  };
}

function stream(gameId: GameId): Job {
  return {
    gameId,
    install: true,
    begin: async (link) => {
      await link.streamInstall(gameId);
      return "accepted";
    },
  };
}

async function everyGameOffered(link: PeerLink, ids: readonly GameId[]): Promise<boolean> {
  const games = await link.listGames();
  return ids.every((id) => games.some((game) => game.id === id && (game.downloaded || game.peerCount > 0)));
}

async function everyGameHere(link: PeerLink, ids: readonly GameId[]): Promise<boolean> {
  const games = await link.listGames();
  return ids.every((id) => games.some((game) => game.id === id && game.downloaded));
}

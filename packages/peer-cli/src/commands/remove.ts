import type { GameId, ListedGame } from "@lanspread/proto";
import { confirm } from "../confirm.ts";
import { CommandError } from "../failure.ts";
import type { PeerLink } from "../link/peer-link.ts";
import type { PeerFlags } from "../options.ts";
import { count, formatBytes, printable } from "../report/format.ts";
import type { CommandContext, CommandOutcome } from "../run-command.ts";
import { checkGameIds, operateOnGames } from "./operate.ts";

export interface RemoveFlags {
  /** Removes without asking. */
  readonly yes?: boolean;
}

/** `lanspread remove ID...`: deletes the folders of downloaded games that are not installed. */
export function remove(
  context: CommandContext,
  ids: readonly string[],
  flags: PeerFlags & RemoveFlags,
): Promise<CommandOutcome> {
  const games = checkGameIds(ids);
  if (flags.yes !== true && process.stdin.isTTY !== true) {
    throw new CommandError({
      code: "usage",
      message: "remove asks before it deletes, and there is no terminal to ask at",
      hint: "Add --yes to delete without being asked.",
    });
  }
  return operateOnGames(context, flags, {
    verb: "remove",
    ids: games,
    ...(flags.yes === true ? {} : { proceed: (link) => ask(context, link, games) }),
  });
}

/** What the peer will refuse is not asked about: it says why. */
async function ask(context: CommandContext, link: PeerLink, ids: readonly GameId[]): Promise<boolean> {
  const [listed, { gamesDir }] = await Promise.all([link.listGames(), link.status()]);
  const removable = listed.filter(({ id, downloaded, installed }) => {
    return ids.includes(id) && downloaded && !installed;
  });
  if (removable.length === 0) return true;
  return confirm(questionOf(removable, gamesDir), {
    input: process.stdin,
    output: process.stderr,
    signal: context.signal,
  });
}

function questionOf(games: readonly ListedGame[], gamesDir: string): string {
  const names = games.map(({ id }) => id).join(", ");
  const bytes = formatBytes(games.reduce((sum, { size }) => sum + size, 0));
  const what =
    games.length === 1 ? `${names} (${bytes})` : `${count(games.length, "game")} (${names}; ${bytes})`;
  return printable(`Delete ${what} from ${gamesDir}, with everything that was put there?`);
}

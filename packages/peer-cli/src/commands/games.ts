import { EXIT } from "../exit-codes.ts";
import { withLink } from "../link/open-link.ts";
import type { PeerFlags, WaitFlags } from "../options.ts";
import type { CommandContext, CommandOutcome } from "../run-command.ts";
import { discover, requireNetwork } from "./discovery.ts";

/** `lanspread games`: every game here and at the others, each once. */
export function games(context: CommandContext, flags: PeerFlags & WaitFlags): Promise<CommandOutcome> {
  return withLink(context, flags, async (link) => {
    await discover(context, link, { seconds: flags.wait });
    const found = await link.listGames();
    if (found.length === 0) await requireNetwork(link);
    if (found.length === 0) context.reporter.notice("no games, neither here nor at anybody else");
    return {
      exit: found.length === 0 ? EXIT.nothingFound : EXIT.done,
      result: { kind: "games", games: found },
    };
  });
}

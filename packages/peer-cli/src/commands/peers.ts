import { EXIT } from "../exit-codes.ts";
import { withLink } from "../link/open-link.ts";
import type { PeerFlags, WaitFlags } from "../options.ts";
import type { CommandContext, CommandOutcome } from "../run-command.ts";
import { discover, requireNetwork } from "./discovery.ts";

/** `lanspread peers`: who is there. */
export function peers(context: CommandContext, flags: PeerFlags & WaitFlags): Promise<CommandOutcome> {
  return withLink(context, flags, async (link) => {
    await discover(context, link, { seconds: flags.wait });
    const found = await link.listPeers();
    if (found.length === 0) await requireNetwork(link);
    if (found.length === 0)
      context.reporter.notice("nobody is there; `lanspread serve` on another computer shares its games");
    return {
      exit: found.length === 0 ? EXIT.nothingFound : EXIT.done,
      result: { kind: "peers", peers: found },
    };
  });
}

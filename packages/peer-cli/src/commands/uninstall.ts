import type { PeerFlags } from "../options.ts";
import type { CommandContext, CommandOutcome } from "../run-command.ts";
import { checkGameIds, operateOnGames } from "./operate.ts";

/** `lanspread uninstall ID...`: removes the installed files of games; what was downloaded stays. */
export function uninstall(
  context: CommandContext,
  ids: readonly string[],
  flags: PeerFlags,
): Promise<CommandOutcome> {
  return operateOnGames(context, flags, {
    verb: "uninstall",
    ids: checkGameIds(ids),
  });
}

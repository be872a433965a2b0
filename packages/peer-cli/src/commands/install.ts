import type { PeerFlags } from "../options.ts";
import type { CommandContext, CommandOutcome } from "../run-command.ts";
import { checkGameIds, operateOnGames } from "./operate.ts";

/** `lanspread install ID...`: unpacks downloaded games. */
export function install(
  context: CommandContext,
  ids: readonly string[],
  flags: PeerFlags,
): Promise<CommandOutcome> {
  return operateOnGames(context, flags, {
    verb: "install",
    ids: checkGameIds(ids),
  });
}

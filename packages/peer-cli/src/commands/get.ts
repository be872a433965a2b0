import type { PeerFlags, WaitFlags } from "../options.ts";
import type { CommandContext, CommandOutcome } from "../run-command.ts";
import { checkGameIds, operateOnGames } from "./operate.ts";

export interface GetFlags extends WaitFlags {
  /** False with `--no-install`. */
  readonly install: boolean;
}

/** `lanspread get ID...`: downloads games from the others and installs them. */
export function get(
  context: CommandContext,
  ids: readonly string[],
  flags: PeerFlags & GetFlags,
): Promise<CommandOutcome> {
  return operateOnGames(context, flags, {
    verb: "get",
    ids: checkGameIds(ids),
    install: flags.install,
    waitSeconds: flags.wait,
  });
}

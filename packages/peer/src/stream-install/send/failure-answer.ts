import { type ErrorAnswer, errorAnswer } from "@lanspread/proto";
import { PeerError, type PeerErrorCode } from "../../errors/index.ts";

/** What is wrong with the archives themselves: who wants them unpacked can do nothing about it here. */
const OF_ARCHIVES: ReadonlySet<PeerErrorCode> = new Set([
  "archive-damaged",
  "archive-missing-volume",
  "archive-password",
  "archive-truncated",
  "archive-unsafe-path",
  "archive-unsupported",
]);

/**
 * What the receiver is told of archives that cannot be unpacked: archive, entry and what is wrong, and nothing of this
 * machine. The same source would say the same again, so it is not retryable.
 *
 * @param root absolute path of the game root as it stands in messages, with a separator at its end
 * @returns null where the archives are not at fault
 */
export function archiveFailure(error: unknown, root: string): ErrorAnswer | null {
  if (!(error instanceof PeerError) || !OF_ARCHIVES.has(error.code)) return null;
  const message = error.message.replaceAll(root, "");
  return errorAnswer("internal", message, false);
}

import type { GameId } from "@lanspread/proto";
import type { PageRequest } from "../../../protocol/messages.ts";
import type { Failure } from "../i18n/explain.ts";
import { adviceEn } from "../i18n/texts/advice.ts";

/** A failure, with what can be clicked to follow its advice. */
export interface Problem extends Failure {
  /** Id of the game whose folder can be opened. */
  readonly folderOf?: GameId;
}

/** What the user is shown of a request that was refused. */
export function problemOf(request: PageRequest, { code, message, hint }: Failure): Problem {
  const isByHand = hint === adviceEn["advice.start-by-hand"];
  return { code, message, hint, ...(isByHand && "gameId" in request ? { folderOf: request.gameId } : {}) };
}

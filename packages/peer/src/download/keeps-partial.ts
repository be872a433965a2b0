import { PeerError } from "../errors/index.ts";

/** Whether what has been fetched stays on disk when a download fails: unless somebody cancelled it. */
export function keepsPartial({ aborted, reason }: AbortSignal): boolean {
  return !aborted || (reason instanceof PeerError && reason.code === "shutting-down");
}

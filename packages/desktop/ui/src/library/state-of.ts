import type { ListedGame } from "@lanspread/proto";

/** What of a game is on this computer; the names are keys of the texts. */
export function stateOf({
  installed,
  downloaded,
}: ListedGame): "installed" | "streamed" | "downloaded" | "remote" {
  if (installed) return downloaded ? "installed" : "streamed";
  return downloaded ? "downloaded" : "remote";
}

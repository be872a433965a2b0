import type { ListedGame } from "@lanspread/proto";

/** The one thing that a card offers. */
export type Action =
  | { readonly kind: "play" | "update" | "install" | "download" | "cancel" }
  /** Nothing can be done; `why` is a key of the texts. */
  | { readonly kind: "none"; readonly why: "busy" | "nobody-has-it" };

/** Operations that a player can end. */
const CANCELLABLE: ReadonlySet<ListedGame["operation"]> = new Set([
  "downloading",
  "installing",
  "updating",
  "stream-installing",
] as const);

/** What a card offers for a game as it is. */
export function actionOf(game: ListedGame): Action {
  const { operation, installed, downloaded, peerCount } = game;
  if (operation !== null)
    return CANCELLABLE.has(operation) ? { kind: "cancel" } : { kind: "none", why: "busy" };
  if (hasUpdate(game)) return { kind: "update" };
  if (installed) return { kind: "play" };
  if (downloaded) return { kind: "install" };
  return peerCount > 0 ? { kind: "download" } : { kind: "none", why: "nobody-has-it" };
}

/** Whether somebody offers a newer version than the one that is here. */
function hasUpdate({ downloaded, localVersion, version, peerCount }: ListedGame): boolean {
  return downloaded && peerCount > 0 && version !== null && localVersion !== null && version !== localVersion;
}

/** Where in the app one is: kept in the address behind `#`, so that Back, Forward and a reload work. */
export type Route =
  | { readonly page: Page }
  /** Whether there is such a game is the page's to say. */
  | { readonly page: "game"; readonly gameId: string };

export const PAGES = ["library", "party", "settings", "logs"] as const;
export type Page = (typeof PAGES)[number];

/** What an address means; the library where it means nothing. */
export function parseRoute(hash: string): Route {
  const [, name = "", id = ""] = hash.split("/");
  if (name === "game" && id !== "") return { page: "game", gameId: id };
  return { page: PAGES.find((known) => known === name) ?? "library" };
}

/** The address of a page. */
export function hrefOf(route: Route): string {
  return route.page === "game" ? `#/game/${route.gameId}` : `#/${route.page}`;
}

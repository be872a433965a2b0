import { hrefOf, parseRoute, type Route } from "./route.ts";

/** The page before this one, where it was one of the app's. */
let before: Route | null = null;

addEventListener("hashchange", ({ oldURL }) => {
  before = parseRoute(new URL(oldURL).hash);
});

/** Whether one was at a game a moment ago. */
export function cameFromGame(): boolean {
  return before?.page === "game";
}

/** Goes back to the library: as the browser's Back does where one came from there, so that Forward works. */
export function goToLibrary(): void {
  if (before?.page === "library") history.back();
  else location.hash = hrefOf({ page: "library" });
}

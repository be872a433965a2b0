import type { View } from "./filter.ts";

/** What the library showed last: a game's page is left for it as it was. */
interface LastView {
  readonly view: View;
  /** The card that keys act on. */
  readonly gameId: string | null;
}

let last: LastView = { view: { filter: "all", sorting: "name", search: "" }, gameId: null };

export function lastView(): LastView {
  return last;
}

export function keepView(change: Partial<LastView>): void {
  last = { ...last, ...change };
}

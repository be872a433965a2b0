import type { ListedGame } from "@lanspread/proto";

/** Which games are shown. `all`: installed, downloaded or offered by somebody. */
export const FILTERS = ["all", "local", "installed"] as const;
export type Filter = (typeof FILTERS)[number];

export const SORTINGS = ["name", "size", "status"] as const;
export type Sorting = (typeof SORTINGS)[number];

export interface View {
  readonly filter: Filter;
  readonly sorting: Sorting;
  /** What the player looks for; empty for everything. */
  readonly search: string;
}

/** The games of a view, in its order. */
export function gamesOf(
  games: readonly ListedGame[],
  { filter, sorting, search }: View,
): readonly ListedGame[] {
  const words = fold(search).split(/\s+/u).filter(Boolean);
  return games
    .filter(
      (game) =>
        isShown(game, filter) && words.every((word) => fold(`${game.name} ${game.id}`).includes(word)),
    )
    .sort(ORDERS[sorting]);
}

function isShown({ installed, downloaded, peerCount, operation }: ListedGame, filter: Filter): boolean {
  switch (filter) {
    case "all":
      return installed || downloaded || peerCount > 0 || operation !== null;
    case "local":
      return installed || downloaded || operation !== null;
    case "installed":
      return installed;
  }
}

/** "Quake 10" comes behind "Quake 9". */
const names = new Intl.Collator(undefined, { numeric: true });

type Order = (a: ListedGame, b: ListedGame) => number;

const byName: Order = (a, b) => names.compare(a.name, b.name) || (a.id < b.id ? -1 : 1);

const ORDERS: Readonly<Record<Sorting, Order>> = {
  name: byName,
  size: (a, b) => b.size - a.size || byName(a, b),
  status: (a, b) => rank(a) - rank(b) || byName(a, b),
};

/** What is being worked on first, then what can be played, then what is here, then what others have. */
function rank({ operation, installed, downloaded }: ListedGame): number {
  if (operation !== null) return 0;
  if (installed) return 1;
  return downloaded ? 2 : 3;
}

/** Without case and accents: who looks for "pokemon" finds "Pokémon". */
function fold(text: string): string {
  return text
    .normalize("NFKD")
    .replace(/\p{Mn}/gu, "")
    .toLowerCase();
}

import type { GameId, GameVersion, ListedGame } from "@lanspread/proto";
import type { PartyView } from "../../../protocol/snapshot.ts";
import { isSameVersion, newestOf } from "../shared/versions.ts";

/** What somebody has of a game. */
export type Cell =
  /** Nothing. */
  | { readonly kind: "none" }
  | { readonly kind: "newest" | "older"; readonly version: GameVersion }
  /** An install without the files that it was made from: nothing to share. */
  | { readonly kind: "streamed" };

/** What everybody has of one game. */
export interface GridRow {
  readonly id: GameId;
  readonly name: string;
  /** The own one first, then the others in their order. */
  readonly cells: readonly Cell[];
  /** How many have the newest version, or an install. */
  readonly haveIt: number;
}

/** Which games are shown: `missing` are those that not everybody has in the newest version. */
export const GRID_FILTERS = ["all", "everybody", "missing"] as const;
export type GridFilter = (typeof GRID_FILTERS)[number];

const NONE: Cell = { kind: "none" };

/** One row for every game that anybody has, by name. */
export function gridRows(games: readonly ListedGame[], view: PartyView): readonly GridRow[] {
  return games
    .map((game) => rowOf(game, view))
    .filter(({ cells }) => cells.some(({ kind }) => kind !== "none"))
    .sort((a, b) => names.compare(a.name, b.name) || (a.id < b.id ? -1 : 1));
}

function rowOf({ id, name, localVersion, installed }: ListedGame, { members, versions }: PartyView): GridRow {
  const others = versions[id] ?? members.map(() => null);
  const newest = newestOf([localVersion, ...others]);
  const cellOf = (version: GameVersion | null): Cell => {
    if (version === null || newest === null) return NONE;
    return { kind: isSameVersion(version, newest) ? "newest" : "older", version };
  };
  const own: Cell = localVersion === null && installed ? { kind: "streamed" } : cellOf(localVersion);
  const cells = [own, ...others.map(cellOf)];
  const haveIt = cells.filter(({ kind }) => kind === "newest" || kind === "streamed").length;
  return { id, name, cells, haveIt };
}

/** The rows that are looked for. */
export function filterRows(
  rows: readonly GridRow[],
  { filter, search }: { readonly filter: GridFilter; readonly search: string },
): readonly GridRow[] {
  const wanted = fold(search.trim());
  return rows.filter(
    ({ name, id, cells, haveIt }) =>
      (filter === "all" || (filter === "everybody") === (haveIt === cells.length)) &&
      (wanted === "" || fold(`${name} ${id}`).includes(wanted)),
  );
}

/** "Quake 10" comes behind "Quake 9". */
const names = new Intl.Collator(undefined, { numeric: true });

/** Without case and accents. */
function fold(text: string): string {
  return text
    .normalize("NFKD")
    .replace(/\p{Mn}/gu, "")
    .toLowerCase();
}

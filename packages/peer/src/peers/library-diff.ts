import type { GameSummary, LibraryChange, LibrarySnapshot } from "@lanspread/proto";

/** What makes `to` of `from`; null where both show the same revision. */
export function libraryDiff(from: LibrarySnapshot, to: LibrarySnapshot): LibraryChange | null {
  if (from.library_rev === to.library_rev) return null;
  const before = new Map(from.games.map((game) => [game.id, game]));
  const added: GameSummary[] = [];
  const updated: GameSummary[] = [];
  for (const game of to.games) {
    const old = before.get(game.id);
    before.delete(game.id);
    if (old === undefined) added.push(game);
    else if (!isSame(old, game)) updated.push(game);
  }
  return {
    from_rev: from.library_rev,
    to_rev: to.library_rev,
    added,
    updated,
    removed: [...before.keys()],
  };
}

function isSame(a: GameSummary, b: GameSummary): boolean {
  return a === b || (Object.keys(a) as (keyof GameSummary)[]).every((key) => a[key] === b[key]);
}

import { MatrixDocumentError, type MatrixRow, type ScenarioId } from "./matrix-document.ts";

/** A row with what runs it; `scenario` is undefined where nobody has written it yet. */
export interface MatrixEntry<T> {
  readonly row: MatrixRow;
  readonly scenario: T | undefined;
}

/**
 * Brings rows and scenarios together, in the order of the rows.
 *
 * @throws MatrixDocumentError for scenarios without a row, or two for one row
 */
export function joinMatrix<T extends { readonly id: ScenarioId }>(
  rows: readonly MatrixRow[],
  scenarios: readonly T[],
): readonly MatrixEntry<T>[] {
  const byId = new Map<ScenarioId, T>();
  for (const scenario of scenarios) {
    if (byId.has(scenario.id)) throw new MatrixDocumentError(`${scenario.id} is written twice`);
    byId.set(scenario.id, scenario);
  }
  const known = new Set(rows.map(({ id }) => id));
  const strays = [...byId.keys()].filter((id) => !known.has(id));
  if (strays.length > 0) throw new MatrixDocumentError(`no row of the matrix speaks of ${strays.join(", ")}`);
  return rows.map((row) => ({ row, scenario: byId.get(row.id) }));
}

/**
 * Those that were asked for; all where none was.
 *
 * @throws MatrixDocumentError for an id that has no row
 */
export function selectEntries<T>(
  entries: readonly MatrixEntry<T>[],
  wanted: readonly ScenarioId[],
): readonly MatrixEntry<T>[] {
  const unknown = wanted.filter((id) => !entries.some(({ row }) => row.id === id));
  if (unknown.length > 0)
    throw new MatrixDocumentError(`no row of the matrix speaks of ${unknown.join(", ")}`);
  return wanted.length === 0 ? entries : entries.filter(({ row }) => wanted.includes(row.id));
}

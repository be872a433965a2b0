/** A scenario's name: `S` and a number without leading zeros. */
export type ScenarioId = `S${number}`;

/** One row of the matrix document. */
export interface MatrixRow {
  readonly id: ScenarioId;
  readonly setup: string;
  readonly proof: string;
}

const ID = /^S[1-9]\d*$/u;
const HEADER = ["id", "set-up", "proof"];
const RULE = /^:?-+:?$/u;

/** The matrix document is not what the runner can read; the message names the line. */
export class MatrixDocumentError extends Error {
  override readonly name = "MatrixDocumentError";
}

/** @throws MatrixDocumentError */
export function asScenarioId(text: string): ScenarioId {
  if (!ID.test(text)) throw new MatrixDocumentError(`"${text}" is no scenario's id: expected S1, S2 …`);
  return text as ScenarioId;
}

/**
 * Reads the rows of the document's one table with the columns `id`, `set-up` and `proof`, in their order.
 *
 * @throws MatrixDocumentError where there is no such table or more than one, a row lacks a cell, or an id is none, comes
 * twice or is out of order
 */
export function parseMatrix(markdown: string): readonly MatrixRow[] {
  const lines = markdown.split(/\r?\n/u);
  const heads = lines.flatMap((line, index) => (isHeader(cellsOf(line)) ? [index] : []));
  const [head] = heads;
  if (head === undefined)
    throw new MatrixDocumentError(`there is no table with the columns ${HEADER.join(", ")}`);
  if (heads.length > 1) throw new MatrixDocumentError(`line ${(heads[1] ?? 0) + 1}: a second matrix`);
  if (cellsOf(lines[head + 1] ?? "")?.every((cell) => RULE.test(cell)) !== true) {
    throw new MatrixDocumentError(`line ${head + 2}: expected the rule below the table's header`);
  }
  const rows: MatrixRow[] = [];
  for (let index = head + 2; index < lines.length; index++) {
    const cells = cellsOf(lines[index] ?? "");
    if (cells === undefined) break;
    rows.push(rowOf(cells, index + 1, rows.at(-1)));
  }
  if (rows.length === 0) throw new MatrixDocumentError("the matrix has no rows");
  return rows;
}

function rowOf(cells: readonly string[], line: number, before: MatrixRow | undefined): MatrixRow {
  const [id = "", setup = "", proof = ""] = cells;
  if (cells.length !== HEADER.length || setup === "" || proof === "") {
    throw new MatrixDocumentError(`line ${line}: expected ${HEADER.length} cells with text`);
  }
  if (!ID.test(id)) throw new MatrixDocumentError(`line ${line}: "${id}" is no scenario's id`);
  if (before !== undefined && numberOf(id) <= numberOf(before.id)) {
    throw new MatrixDocumentError(`line ${line}: ${id} comes behind ${before.id}`);
  }
  return { id: asScenarioId(id), setup, proof };
}

function numberOf(id: string): number {
  return Number(id.slice(1));
}

function isHeader(cells: readonly string[] | undefined): boolean {
  return (
    cells !== undefined && cells.length === HEADER.length && HEADER.every((name, at) => cells[at] === name)
  );
}

/** The cells of a line of a table; a `|` inside a cell is written `\|`. Undefined where the line is none. */
function cellsOf(line: string): readonly string[] | undefined {
  const text = line.trim();
  if (!text.startsWith("|") || !text.endsWith("|") || text.length < 2) return undefined;
  return text
    .slice(1, -1)
    .split(/(?<!\\)\|/u)
    .map((cell) => cell.replaceAll("\\|", "|").trim());
}

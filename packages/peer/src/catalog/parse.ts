import { MAX_PROBLEMS } from "./constants.ts";
import { findDuplicateMember, findJsonError, lineOf } from "./json-position.ts";
import { isNestedTooDeeply } from "./json-scanner.ts";
import { describePath, type Problem, problemsOf } from "./problems.ts";
import { type CatalogEntry, catalogEntrySchema, catalogFileSchema } from "./schema.ts";

/** A parsed catalog, or what is wrong with it: each problem with line, entry and field. */
export type ParsedCatalog =
  | { readonly ok: true; readonly name: string; readonly games: readonly CatalogEntry[] }
  | { readonly ok: false; readonly problems: readonly string[] };

/** Parses the text of a catalog file. */
export function parseCatalog(text: string): ParsedCatalog {
  let json: unknown;
  try {
    if (isNestedTooDeeply(text)) throw new SyntaxError("nested too deeply");
    json = JSON.parse(text);
  } catch {
    return { ok: false, problems: [syntaxProblem(text) ?? "no valid JSON"] };
  }
  // Before the text is looked at closely: it may have millions of entries.
  const file = catalogFileSchema.safeParse(json);
  if (!file.success) {
    return refused(problemsOf(file.error, json, Object.keys(catalogFileSchema.shape)), text, json);
  }
  const duplicate = duplicateProblem(text, json);
  if (duplicate !== null) return { ok: false, problems: [duplicate] };

  const problems: Problem[] = [];
  const games: CatalogEntry[] = [];
  const places = new Map<string, number>();
  for (const [index, raw] of file.data.games.entries()) {
    const entry = catalogEntrySchema.safeParse(raw);
    if (!entry.success) {
      const fields = Object.keys(catalogEntrySchema.shape);
      for (const { path, message } of problemsOf(entry.error, raw, fields)) {
        problems.push({ path: ["games", index, ...path], message });
      }
      continue;
    }
    const earlier = places.get(entry.data.id);
    if (earlier !== undefined) {
      problems.push({ path: ["games", index], message: `games[${earlier}] has the same id` });
    }
    places.set(entry.data.id, index);
    games.push(entry.data);
  }
  return problems.length === 0 ? { ok: true, name: file.data.name, games } : refused(problems, text, json);
}

/** Where and why a text is refused before its values are looked at. */
function syntaxProblem(text: string): string | null {
  const error = findJsonError(text);
  if (error === null) return null;
  const { line, column, expected, found } = error;
  return `line ${line}, column ${column}: no valid JSON (expected ${expected}, found ${found})`;
}

function duplicateProblem(text: string, json: unknown): string | null {
  const duplicate = findDuplicateMember(text);
  if (duplicate === null) return null;
  const { path, line, first } = duplicate;
  return `line ${line}: ${describePath(path, json)}: stands here again, first in line ${first.line}`;
}

function refused(problems: readonly Problem[], text: string, json: unknown): ParsedCatalog {
  const shown = problems.slice(0, MAX_PROBLEMS).map(({ path, message }) => {
    const where = describePath(path, json);
    return `line ${lineOf(text, path)}: ${where === "" ? "the file" : where}: ${message}`;
  });
  const more = problems.length - MAX_PROBLEMS;
  return { ok: false, problems: more > 0 ? [...shown, `and ${more} more`] : shown };
}

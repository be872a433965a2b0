import type { z } from "zod";
import { findJsonError } from "./json-position.ts";
import { type CatalogEntry, catalogEntrySchema, catalogFileSchema } from "./schema.ts";

/** A parsed catalog, or what is wrong with it, each problem with its place. */
export type ParsedCatalog =
  | { readonly ok: true; readonly name: string; readonly games: readonly CatalogEntry[] }
  | { readonly ok: false; readonly problems: readonly string[] };

/** This many problems are told at once: enough to correct a file in few rounds, few enough to read. */
const MAX_PROBLEMS = 5;

/** Parses the text of a catalog file. A byte order mark before it is accepted: editors write one. */
export function parseCatalog(source: string): ParsedCatalog {
  const text = source.replace(/^\uFEFF/u, "");
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    const at = findJsonError(text);
    const place = at === null ? "" : `line ${at.line}, column ${at.column}: `;
    const detail = error instanceof Error ? error.message : String(error);
    return { ok: false, problems: [`${place}no valid JSON (${detail})`] };
  }
  const file = catalogFileSchema.safeParse(json);
  if (!file.success) return { ok: false, problems: tell(file.error, "") };

  const problems: string[] = [];
  const games: CatalogEntry[] = [];
  const places = new Map<string, number>();
  for (const [index, raw] of file.data.games.entries()) {
    const place = `games[${index}]${idOf(raw)}`;
    const entry = catalogEntrySchema.safeParse(raw);
    if (!entry.success) {
      problems.push(...tell(entry.error, place));
      continue;
    }
    const earlier = places.get(entry.data.id);
    if (earlier !== undefined) problems.push(`${place}: games[${earlier}] has the same id`);
    places.set(entry.data.id, index);
    games.push(entry.data);
  }
  if (problems.length === 0) return { ok: true, name: file.data.name, games };
  const more = problems.length - MAX_PROBLEMS;
  const shown = problems.slice(0, MAX_PROBLEMS);
  return { ok: false, problems: more > 0 ? [...shown, `and ${more} more`] : shown };
}

function tell(error: z.ZodError, place: string): string[] {
  return error.issues.map((issue) => {
    const field = issue.path
      .map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`))
      .join("");
    const where = `${place}${field}`.replace(/^\./u, "");
    return where === "" ? issue.message : `${where}: ${issue.message}`;
  });
}

/** The id of an entry that may be anything, for people who look for it in the file. */
function idOf(raw: unknown): string {
  if (typeof raw !== "object" || raw === null || !("id" in raw) || typeof raw.id !== "string") return "";
  return ` (${JSON.stringify(raw.id.slice(0, 80))})`;
}

import type { z } from "zod";
import { quote } from "./json-position.ts";
import type { JsonPath } from "./json-scanner.ts";

/** One thing that is wrong with a catalog. */
export interface Problem {
  readonly path: JsonPath;
  /** Says what is wrong with the value there, and what would be right. */
  readonly message: string;
}

/**
 * What a schema has against a value, for people who correct the file.
 *
 * @param fields names of the fields that the value may have.
 */
export function problemsOf(error: z.ZodError, value: unknown, fields: readonly string[]): Problem[] {
  return error.issues.flatMap((issue) => {
    const path = issue.path.filter((key) => typeof key !== "symbol");
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => ({
        path: [...path, key],
        message: `there is no field ${quote(key)}; the fields are ${fields.join(", ")}`,
      }));
    }
    return [{ path, message: messageOf(issue, valueAt(value, path)) }];
  });
}

/** `games[3] ("bf1942").version`: the way to a value, with the id of the entry that it is in. */
export function describePath(path: JsonPath, document: unknown): string {
  let text = "";
  for (const [depth, key] of path.entries()) {
    text += typeof key === "number" ? `[${key}]` : `.${/^\w+$/u.test(key) ? key : quote(key)}`;
    if (depth === 1 && path[0] === "games") text += idOf(valueAt(document, path.slice(0, 2)));
  }
  return text.replace(/^\./u, "");
}

/** The id of an entry that may be anything. */
function idOf(entry: unknown): string {
  const id = valueAt(entry, ["id"]);
  return typeof id === "string" ? ` (${quote(id)})` : "";
}

function messageOf(issue: z.core.$ZodIssue, value: unknown): string {
  if (value === undefined) return "is missing";
  switch (issue.code) {
    case "invalid_type":
      return `must be ${TYPES[issue.expected] ?? issue.expected}, not ${describe(value)}`;
    case "invalid_value":
      return `must be ${issue.values.map((allowed) => JSON.stringify(allowed)).join(" or ")}, not ${describe(value)}`;
    case "too_small":
      return issue.origin === "string" ? "must not be empty" : `must be at least ${issue.minimum}`;
    case "too_big":
      return issue.origin === "number" || issue.origin === "int"
        ? `must be at most ${issue.maximum}`
        : `has more than ${issue.maximum} ${issue.origin === "array" ? "entries" : "characters"}`;
    default:
      return `${describe(value)}: ${issue.message}`;
  }
}

const TYPES: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "an object in { }",
};

function describe(value: unknown): string {
  if (typeof value === "string") return quote(value);
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "an object";
  return String(value);
}

function valueAt(value: unknown, path: JsonPath): unknown {
  let at = value;
  for (const key of path) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, key)) return undefined;
    at = Reflect.get(at, key);
  }
  return at;
}

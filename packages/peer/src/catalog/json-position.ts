import { MAX_QUOTED } from "./constants.ts";
import { type JsonPath, scanJson, stopScan } from "./json-scanner.ts";

/** A place in a text. Both count from 1; a column is a UTF-16 code unit. */
export interface JsonPosition {
  readonly line: number;
  readonly column: number;
}

/** Where a text stops being JSON, and what is wrong there. */
export interface JsonError extends JsonPosition {
  readonly expected: string;
  /** The character that stands there, quoted, or that there is none. */
  readonly found: string;
}

/** Finds the first syntax error of a JSON text; null when there is none. (`JSON.parse` tells the place for some only.) */
export function findJsonError(text: string): JsonError | null {
  const fault = scanJson(text);
  if (fault === null) return null;
  const { offset, expected } = fault;
  const character = text.codePointAt(offset);
  const found = character === undefined ? "the end of the file" : quote(String.fromCodePoint(character));
  return { ...positionOf(text, offset), expected, found };
}

/** A member of an object that the same object has already. */
export interface DuplicateMember extends JsonPosition {
  readonly path: JsonPath;
  /** Where the first one is. */
  readonly first: JsonPosition;
}

/** Finds the first member name that one object has twice (`JSON.parse` takes the last in silence). The text is JSON. */
export function findDuplicateMember(text: string): DuplicateMember | null {
  const path: (string | number)[] = [];
  /** The members so far of every value that is open, by their names; null until there is one. */
  const open: (Map<string, number> | null)[] = [null];
  let found: DuplicateMember | null = null;
  scanJson(text, {
    enter: (key, offset) => {
      if (typeof key === "string") {
        const members = open[path.length] ?? new Map<string, number>();
        open[path.length] = members;
        const first = members.get(key);
        if (first !== undefined) {
          found = { ...positionOf(text, offset), path: [...path, key], first: positionOf(text, first) };
          throw stopScan();
        }
        members.set(key, offset);
      }
      path.push(key);
      open.push(null);
    },
    leave: () => {
      path.pop();
      open.pop();
    },
  });
  return found;
}

/** Finds the line of a value; where it does not exist, that of the innermost one around it that does. The text is JSON. */
export function lineOf(text: string, wanted: JsonPath): number {
  if (wanted.length === 0) return 1;
  let at = text.search(/[^ \t\n\r]/u);
  let depth = 0;
  /** How many keys of the wanted path lead to where the scan is. */
  let matched = 0;
  scanJson(text, {
    enter: (key, offset) => {
      if (matched === depth && wanted[depth] === key) {
        matched += 1;
        at = offset;
        if (matched === wanted.length) throw stopScan();
      }
      depth += 1;
    },
    leave: () => {
      depth -= 1;
      // What was entered on the way is left: the rest of the path is not there.
      if (matched > depth) throw stopScan();
    },
  });
  return positionOf(text, Math.max(0, at)).line;
}

/** A piece of a file's text as a message shows it: in quotes, cut, and without characters that steer a terminal. */
export function quote(text: string): string {
  const shown = JSON.stringify(text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}…` : text);
  return shown.replace(/\p{Cc}/gu, "\uFFFD");
}

function positionOf(text: string, offset: number): JsonPosition {
  const lineStart = offset === 0 ? 0 : text.lastIndexOf("\n", offset - 1) + 1;
  let line = 1;
  for (let at = text.indexOf("\n"); at !== -1 && at < offset; at = text.indexOf("\n", at + 1)) line += 1;
  return { line, column: offset - lineStart + 1 };
}

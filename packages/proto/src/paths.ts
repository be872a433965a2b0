import { MAX_COMPONENT_BYTES, MAX_PATH_BYTES } from "./limits.ts";
import { hasControlCharacters, utf8Length } from "./text.ts";

/** Why a path may not go over the wire or onto a disk. The refusal names the path and the rule. */
export interface PathRefusal {
  readonly path: string;
  readonly rule: PathRule;
}

export const PATH_RULES = {
  empty: "a path or one of its components is empty",
  absolute: "the path is absolute",
  drive: "the path names a drive",
  dots: "a component is . or ..",
  backslash: "the path has a backslash",
  control: "the path has a control character",
  character: "the path has a character that Windows forbids",
  surrogate: "the path is no well-formed Unicode",
  normalization: "the path is not in Unicode normalization form C",
  trailing: "a component ends with a dot or a space",
  device: "a component is a device name of Windows",
  "component-length": `a component has more than ${MAX_COMPONENT_BYTES} bytes`,
  "path-length": `the path has more than ${MAX_PATH_BYTES} bytes`,
  duplicate: "the path is listed twice",
  "case-clash": "the path differs only in case from another",
  "file-and-directory": "the path is a file here and a directory elsewhere",
} as const;

export type PathRule = keyof typeof PATH_RULES;

// Windows reserves these with and without an extension, in any case; the superscript digits count as digits there.
const DEVICE = /^(con|prn|aux|nul|conin\$|conout\$|clock\$|(com|lpt)[0-9\u00b9\u00b2\u00b3])[ ]*(\..*)?$/i;
const FORBIDDEN_ON_WINDOWS = /[<>:"|?*]/;
const DRIVE = /^[A-Za-z]:/;

/**
 * Checks one relative path with `/` between components against the path rules of the wire. Returns null where it may be
 * used on every platform, else the first rule that it breaks.
 */
export function checkWirePath(path: string): PathRefusal | null {
  const rule = brokenRule(path);
  return rule === null ? null : { path, rule };
}

/** Longest part of a path that a sentence quotes, UTF-16 units: a hostile path must not fill a log. */
const QUOTED_LENGTH = 200;

/** Sentence about a refusal, for messages and answers. */
export function describeRefusal({ path, rule }: PathRefusal): string {
  const quoted = path.length > QUOTED_LENGTH ? `${path.slice(0, QUOTED_LENGTH)}…` : path;
  return `${JSON.stringify(quoted)}: ${PATH_RULES[rule]}`;
}

/**
 * Checks that paths, each right by itself, can lie beside each other on every file system: no duplicates, none that
 * differ only in case (directories included: one that ignores case would merge them and list other paths than it was
 * given), no file where another path needs a directory.
 */
export function checkPathSet(paths: Iterable<string>): PathRefusal | null {
  const files = new Map<string, string>();
  const directories = new Map<string, string>();
  for (const path of paths) {
    const folded = foldCase(path);
    const other = files.get(folded);
    if (other !== undefined) return { path, rule: other === path ? "duplicate" : "case-clash" };
    if (directories.has(folded)) return { path, rule: "file-and-directory" };
    files.set(folded, path);
    const rule = addDirectories(path, folded, files, directories);
    if (rule !== null) return { path, rule };
  }
  return null;
}

/** Notes the directories of `path` from the innermost outwards, as far as they are new. */
function addDirectories(
  path: string,
  folded: string,
  files: ReadonlyMap<string, string>,
  directories: Map<string, string>,
): PathRule | null {
  let end = path.lastIndexOf("/");
  let foldedEnd = folded.lastIndexOf("/");
  while (end > 0) {
    const key = folded.slice(0, foldedEnd);
    const directory = path.slice(0, end);
    const known = directories.get(key);
    if (known !== undefined) return known === directory ? null : "case-clash";
    if (files.has(key)) return "file-and-directory";
    directories.set(key, directory);
    end = path.lastIndexOf("/", end - 1);
    foldedEnd = folded.lastIndexOf("/", foldedEnd - 1);
  }
  return null;
}

const ASCII = /^\p{ASCII}*$/u;

/**
 * Form in which two names are equal where a file system that ignores case takes them for the same. Full Unicode case
 * folding and a little more: lower, upper and lower case again, so that letters with several partners meet (ß, ẞ, ss).
 */
export function foldCase(name: string): string {
  if (ASCII.test(name)) return name.toLowerCase();
  return name.toLowerCase().toUpperCase().toLowerCase().normalize("NFC");
}

function brokenRule(path: string): PathRule | null {
  if (path.length === 0) return "empty";
  if (!path.isWellFormed()) return "surrogate";
  if (hasControlCharacters(path)) return "control";
  if (path.includes("\\")) return "backslash";
  if (path.startsWith("/")) return "absolute";
  if (DRIVE.test(path)) return "drive";
  if (utf8Length(path) > MAX_PATH_BYTES) return "path-length";
  if (path.normalize("NFC") !== path) return "normalization";
  for (const component of path.split("/")) {
    const rule = brokenComponentRule(component);
    if (rule !== null) return rule;
  }
  return null;
}

function brokenComponentRule(component: string): PathRule | null {
  if (component === "") return "empty";
  if (component === "." || component === "..") return "dots";
  if (component.endsWith(".") || component.endsWith(" ")) return "trailing";
  if (FORBIDDEN_ON_WINDOWS.test(component)) return "character";
  if (DEVICE.test(component)) return "device";
  if (utf8Length(component) > MAX_COMPONENT_BYTES) return "component-length";
  return null;
}

/** The directories that a path is in, the innermost first. */
export function ancestorsOf(path: string): string[] {
  const ancestors: string[] = [];
  for (let end = path.lastIndexOf("/"); end > 0; end = path.lastIndexOf("/", end - 1)) {
    ancestors.push(path.slice(0, end));
  }
  return ancestors;
}

import { posix, win32 } from "node:path";
import { MAX_NAME_BYTES, MAX_PATH_LENGTH } from "./constants.ts";

/** A path that may be looked at, or why none is. */
export type CheckedPath = { readonly path: string } | { readonly refused: string };

const encoder = new TextEncoder();

/** Signs that turn what follows around, and are seen by nobody (Unicode, UAX #9): a name that has them reads as another one. */
const TURNS_TEXT = /[\u202a-\u202e\u2066-\u2069]/u;

/**
 * Whether a path from outside may be looked at: absolute, of this system, without steps upwards, with nothing in it that a
 * system reads as something else than a name. Touches no disk.
 */
export function checkPath(text: string, platform: NodeJS.Platform): CheckedPath {
  const isWindows = platform === "win32";
  if (text === "") return { refused: "The path is empty." };
  if (text.length > MAX_PATH_LENGTH) return { refused: "The path is too long." };
  if (hasControls(text)) return { refused: "The path has control characters in it." };
  if (!text.isWellFormed()) return { refused: "The path is no valid text." };
  const names = text.split(isWindows ? /[\\/]/u : "/");
  if (names.includes("..") || names.includes("."))
    return { refused: "The path must have no . and no .. in it." };
  if (names.some((name) => encoder.encode(name).length > MAX_NAME_BYTES))
    return { refused: "The path has a name in it that is too long." };
  if (!isWindows) {
    if (!text.startsWith("/")) return { refused: "The path must be absolute, such as /home/ada/games." };
    return { path: withoutSlash(posix.normalize(text), "/") };
  }
  if (/^[\\/]{2}[.?][\\/]/u.test(text)) return { refused: "The path is one of a device." };
  if (!/^(?:[a-z]:[\\/]|[\\/]{2}[^\\/]+[\\/]+[^\\/]+)/iu.test(text)) {
    return { refused: "The path must be absolute, such as D:\\Games." };
  }
  if (names.slice(1).some(isReservedOnWindows))
    return { refused: "The path has a name in it that Windows keeps for itself." };
  return { path: withoutSlash(win32.normalize(text), "\\") };
}

/** Whether a folder may be called so: one name, on every system. The reason where it may not. */
export function checkName(name: string): string | null {
  if (name.trim() === "") return "The name is empty.";
  if (encoder.encode(name).length > MAX_NAME_BYTES) return "The name is too long.";
  if (hasControls(name) || !name.isWellFormed() || /[\\/:*?"<>|]/u.test(name)) {
    return 'The name must have none of \\ / : * ? " < > | in it.';
  }
  if (TURNS_TEXT.test(name)) return "The name has signs in it that turn text around.";
  if (name === "." || name === ".." || isReservedOnWindows(name) || /^\s|[. ]$/u.test(name)) {
    return "The name is none that every system takes.";
  }
  return null;
}

function hasControls(text: string): boolean {
  return /\p{Cc}/u.test(text);
}

/** Names of devices, with whatever ending, also behind spaces. A colon opens a stream of a file. */
function isReservedOnWindows(name: string): boolean {
  const isDevice = /^(?:con|prn|aux|nul|conin\$|conout\$|clock\$|(?:com|lpt)[0-9¹²³]) *(?:\.|$)/iu.test(name);
  return isDevice || name.includes(":");
}

/** A root keeps its separator. */
function withoutSlash(path: string, separator: string): string {
  const isRoot = path === separator || /^[a-z]:\\$/iu.test(path);
  return path.endsWith(separator) && !isRoot ? path.slice(0, -1) : path;
}

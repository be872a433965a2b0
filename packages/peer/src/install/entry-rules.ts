import { checkPathSet, checkWirePath, describeRefusal, type PathRefusal } from "@lanspread/proto";
import { PeerError } from "../errors/index.ts";
import { isReservedName } from "../storage/index.ts";

/** Stands for what is in a directory, so that directories without files are compared too. */
const INSIDE = "/-";

/**
 * Checks the names of an archive's entries, before anything is created: each by the rules for paths, and all of them
 * together. A directory's name may end with a slash.
 *
 * @param archive names the archive in the error.
 * @returns the path of each entry, in order.
 * @throws PeerError `archive-unsafe-path`, naming archive, entry and rule.
 */
export function checkEntryPaths(
  archive: string,
  entries: readonly { readonly name: string; readonly type: "file" | "directory" }[],
): readonly string[] {
  const paths = entries.map(({ name, type }) =>
    type === "directory" && name.endsWith("/") ? name.slice(0, -1) : name,
  );
  for (const path of paths) {
    const refusal = checkWirePath(path);
    if (refusal !== null) throw unsafe(archive, describeRefusal(refusal));
    const reserved = path.split("/").find(isReservedName);
    if (reserved !== undefined)
      throw unsafe(archive, `${JSON.stringify(path)}: ${reserved} is a reserved name`);
  }
  const clash = checkTogether(
    paths.filter((_, index) => entries[index]?.type === "file"),
    paths.filter((_, index) => entries[index]?.type === "directory"),
  );
  if (clash !== null) throw unsafe(archive, describeRefusal(clash));
  return paths;
}

/** Whether files and directories can lie beside each other. A directory may be listed more than once. */
export function checkTogether(files: Iterable<string>, directories: Iterable<string>): PathRefusal | null {
  const inside = new Set<string>();
  for (const directory of directories) inside.add(`${directory}${INSIDE}`);
  const refusal = checkPathSet([...files, ...inside]);
  return refusal !== null && inside.has(refusal.path)
    ? { path: refusal.path.slice(0, -INSIDE.length), rule: refusal.rule }
    : refusal;
}

function unsafe(archive: string, why: string): PeerError {
  return new PeerError("archive-unsafe-path", `${archive}: ${why}`);
}

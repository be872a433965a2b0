import { checkWirePath, describeRefusal, foldCase, type PathRule } from "@lanspread/proto";
import { isReservedName } from "../../storage/reserved-names.ts";
import { MAX_STREAM_PATH_CHARACTERS, MAX_STREAM_PATHS } from "./constants.ts";
import { SourceFault } from "./source-fault.ts";

interface Known {
  /** As it is spelled. */
  readonly path: string;
  /** The archive that brought the file last, counted from 0; null for a directory. */
  archive: number | null;
}

/**
 * The paths of a stream as they come: each must be safe by itself, and all of them beside each other on every file system.
 * A later archive may bring a file anew, under exactly the same path.
 */
export class ArrivingPaths {
  readonly #known = new Map<string, Known>();
  #characters = 0;

  /**
   * @param archive the number of the archive that the file is in
   * @throws SourceFault naming path and rule
   */
  addFile(path: string, archive: number): void {
    this.#check(path);
    const folded = foldCase(path);
    this.#addDirectoriesOf(path, folded);
    const known = this.#known.get(folded);
    if (known === undefined) {
      this.#note(folded, { path, archive });
      return;
    }
    if (known.path !== path) throw refused(path, "case-clash");
    if (known.archive === null) throw refused(path, "file-and-directory");
    if (known.archive === archive) throw refused(path, "duplicate");
    known.archive = archive;
  }

  /** A directory may come more than once. */
  addDirectory(path: string): void {
    this.#check(path);
    const folded = foldCase(path);
    this.#addDirectoriesOf(path, folded);
    this.#addOneDirectory(path, folded);
  }

  #check(path: string): void {
    const refusal = checkWirePath(path);
    if (refusal !== null) throw new SourceFault("wrong", describeRefusal(refusal));
    const reserved = path.split("/").find(isReservedName);
    if (reserved !== undefined) {
      throw new SourceFault("wrong", `${JSON.stringify(path)}: ${reserved} is a reserved name`);
    }
    this.#characters += path.length;
    if (this.#characters > MAX_STREAM_PATH_CHARACTERS) {
      throw new SourceFault(
        "wrong",
        `the paths have more than ${MAX_STREAM_PATH_CHARACTERS} characters together`,
      );
    }
  }

  #addDirectoriesOf(path: string, folded: string): void {
    let end = path.indexOf("/");
    let foldedEnd = folded.indexOf("/");
    while (end >= 0) {
      this.#addOneDirectory(path.slice(0, end), folded.slice(0, foldedEnd));
      end = path.indexOf("/", end + 1);
      foldedEnd = folded.indexOf("/", foldedEnd + 1);
    }
  }

  #addOneDirectory(path: string, folded: string): void {
    const known = this.#known.get(folded);
    if (known === undefined) {
      this.#note(folded, { path, archive: null });
      return;
    }
    if (known.path !== path) throw refused(path, "case-clash");
    if (known.archive !== null) throw refused(path, "file-and-directory");
  }

  #note(folded: string, known: Known): void {
    if (this.#known.size >= MAX_STREAM_PATHS) {
      throw new SourceFault("wrong", `more than ${MAX_STREAM_PATHS} files and directories`);
    }
    this.#known.set(folded, known);
  }
}

function refused(path: string, rule: PathRule): SourceFault {
  return new SourceFault("wrong", describeRefusal({ path, rule }));
}

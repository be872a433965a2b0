/** A file of an archive. */
export interface ShippedFile {
  /** Below the archive's one folder, with `/` between the names. */
  readonly path: string;
  readonly isExecutable: boolean;
  /** The file that it is a copy of, or the text that it is made of. */
  readonly content: { readonly file: string } | { readonly text: string };
}

/** A copy of a file, which nobody executes. */
export function copyOf(file: string, path: string): ShippedFile {
  return { path, isExecutable: false, content: { file } };
}

export function textFile(path: string, text: string, isExecutable = false): ShippedFile {
  return { path, isExecutable, content: { text } };
}

/** The same order on every machine. */
export function byPath(a: { readonly path: string }, b: { readonly path: string }): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
}

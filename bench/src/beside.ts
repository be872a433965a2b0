/**
 * A module beside another one, which runs in a process of its own: a source where that one is a source, compiled where it is compiled.
 *
 * @param caller `import.meta.url` of the other one
 * @param path relative to it, without extension
 */
export function beside(caller: string, path: string): URL {
  return new URL(path + caller.slice(caller.lastIndexOf(".")), caller);
}

/** Kinds of files that Node.js loads; everything else of a package (types, maps, sources, pages of help) is for people. */
const LOADED = /\.(?:js|cjs|mjs|json|node|wasm)$/u;

/** Folders of packages that nothing loads at run time. */
const NOT_LOADED =
  /(?:^|\/)(?:node_modules|tests?|__tests__|docs?|examples?|benchmarks?|coverage|\.[^/]+)\//u;

/** Files that some packages bring, or that an install left in them, and that nothing loads. */
const NOT_LOADED_OF: Readonly<Record<string, RegExp>> = {
  // Its own build, where one was made on this machine; and what makes it.
  koffi: /^(?:build\/|vendor\/|cnoke\.cjs$)/u,
  // The library for the other C library.
  "@koromix/koffi-linux-x64": /^musl_x64\//u,
  // Programs that try it out.
  "chrome-launcher": /^(?:manual-chrome-launcher|compiled-check)\.js$|^tsconfig\.json$/u,
};

/** Whether a file of a package of the registry is needed where the program runs. */
export function isNeeded(packageName: string, path: string): boolean {
  if (path === "package.json") return true;
  if (!LOADED.test(path) || NOT_LOADED.test(path)) return false;
  return NOT_LOADED_OF[packageName]?.test(path) !== true;
}

/** A text about rights in a package's own folder. */
export function isLicence(path: string): boolean {
  return /^(?:licen[cs]e|copying|notice)(?:[.-][\w.-]+)?$/iu.test(path);
}

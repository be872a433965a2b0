import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import * as peer from "../../src/index.ts";
import * as libraryRoom from "../../src/library/index.ts";

const root = new URL("../../../../", import.meta.url);

/** What shows games to people. The desktop is looked at as soon as there is one. */
const HOSTS = ["packages/peer-cli/src/", "packages/desktop/"].filter((path) =>
  existsSync(new URL(path, root)),
);

/** Calls that list or watch directories, of Node or of a package made for it. */
const SCANNING =
  /\b(?:readdir|readdirSync|opendir|opendirSync|watchFile|glob|globSync)\s*\(|["'](?:chokidar|@parcel\/watcher|fast-glob)["']|\bfs\.watch\s*\(|\bwatch\b[^;]*\bfrom\s+["']node:fs/u;

/** Files of hosts that list a directory, and which: none of them is of games to be shown. */
const LISTS_SOMETHING_ELSE = [
  // The files of a made-up game, which it copies for the demo.
  "packages/peer-cli/src/demo/make-games.ts",
  // Where somebody looks for a folder to have games in.
  "packages/desktop/shell/folders/list-folder.ts",
  "packages/desktop/shell/folders/places.ts",
  // The player's name is written into files of the one game that is about to be started.
  "packages/desktop/shell/play/find-first.ts",
  // The built page.
  "packages/desktop/shell/web/static-files.ts",
];

/** The files of a folder. What is built is not even listed: it comes and goes. */
async function filesIn(path: string): Promise<string[]> {
  const names: string[] = [];
  for (const entry of await readdir(new URL(path, root), { withFileTypes: true })) {
    if (entry.isFile()) names.push(entry.name);
    if (!entry.isDirectory() || ["dist", "node_modules"].includes(entry.name)) continue;
    const below = await readdir(new URL(`${path}${entry.name}/`, root), { recursive: true });
    names.push(...below.map((name) => `${entry.name}/${name}`));
  }
  return names;
}

async function sourcesIn(path: string): Promise<{ name: string; text: string }[]> {
  const names = await filesIn(path);
  const sources = names.filter(
    (name) => /\.[cm]?[jt]sx?$/u.test(name) && !/(?:^|[/\\])(?:dist|node_modules|test)[/\\]/u.test(name),
  );
  return await Promise.all(
    sources.sort().map(async (name) => {
      const file = `${path}${name.replaceAll("\\", "/")}`;
      return { name: file, text: await readFile(new URL(file, root), "utf8") };
    }),
  );
}

/** Names of the files that have something of the kind. */
function having(sources: readonly { name: string; text: string }[], what: RegExp): string[] {
  return sources.filter(({ text }) => what.test(text)).map(({ name }) => name);
}

describe("the games directory has one scanner", () => {
  it("there is no second scanner in the GUI, nor in any other host: none of them lists or watches a directory", async () => {
    expect(HOSTS).toContain("packages/peer-cli/src/");
    for (const host of HOSTS) {
      const sources = await sourcesIn(host);
      expect(sources.length).toBeGreaterThan(0);
      const scanning = having(sources, SCANNING);
      expect(scanning, host).toEqual(LISTS_SOMETHING_ELSE.filter((name) => name.startsWith(host)));
      // All of the runtime comes from its front door, or from the part of that which loads at once.
      expect(having(sources, /["']@lanspread\/peer\/(?!base["'])|["'](?:\.\.\/)+peer\/src/u), host).toEqual(
        [],
      );
    }
  });

  it("hosts cannot get at it: the runtime gives none of its library's parts away", () => {
    const parts = Object.keys(libraryRoom);
    expect(parts).toContain("createLibrary");
    expect(Object.keys(peer).filter((name) => parts.includes(name))).toEqual([]);
  });

  it("the runtime makes it in one place, and watches nowhere else", async () => {
    const sources = await sourcesIn("packages/peer/src/");
    const makers = having(sources, /(?<!function )\bcreateLibrary\s*\(/u);
    expect(makers).toEqual(["packages/peer/src/runtime/start-peer.ts"]);
    const watchers = having(sources, /["']@parcel\/watcher["']/u);
    expect(watchers.filter((name) => !name.startsWith("packages/peer/src/library/"))).toEqual([]);
  });
});

import { readFile } from "node:fs/promises";
import { relative, sep } from "node:path";
import { asGameId, type GameId } from "@lanspread/proto";
import { describe, expect, it } from "vitest";
import {
  FOREIGN_NAMES,
  LOCAL_NAME,
  RESERVED_NAMES,
  SENTINEL_NAME,
  stateDirLayout,
} from "../../src/storage/index.ts";

const page = await readFile(new URL("../../../../docs/on-disk.md", import.meta.url), "utf8");

/** The first cells of the page's tables, without their backticks. */
const firstCells = page.split("\n").flatMap((line) => /^\| `([^`]+)` \|/u.exec(line)?.[1] ?? []);

describe("docs/on-disk.md", () => {
  it("lists exactly the paths that the state directory has", () => {
    const layout = stateDirLayout("state");
    const id = asGameId("game-id");
    const directories = new Set([
      layout.root,
      layout.identityDir,
      layout.libraryDir,
      layout.gamesDir,
      layout.gameDir(id),
    ]);
    const paths = Object.values(layout)
      .map((value: string | ((id: GameId) => string)) => (typeof value === "string" ? value : value(id)))
      .filter((path) => !directories.has(path) && path.startsWith(layout.root))
      .map((path) => relative(layout.root, path).split(sep).join("/").replace("game-id", "<id>"))
      .map((path) => (path === "logs" ? "logs/" : path));
    const state = page.slice(page.indexOf("## The state directory"));
    const listed = firstCells.filter((cell) => state.includes(`| \`${cell}\` |`));
    expect(listed.sort()).toEqual(
      process.platform === "win32" ? [...paths, "control.sock"].sort() : paths.sort(),
    );
  });

  it("lists exactly the reserved names, and names the foreign ones", () => {
    const section = page.slice(page.indexOf("### Reserved names"), page.indexOf("## The state directory"));
    const listed = firstCells.filter((cell) => section.includes(`| \`${cell}\` |`));
    expect(listed.sort()).toEqual([...RESERVED_NAMES].sort());
    const foreign = section.slice(section.indexOf("Names of other programs"));
    expect([...foreign.matchAll(/`([^`]+)`/gu)].map((match) => match[1]).sort()).toEqual(
      [...FOREIGN_NAMES].sort(),
    );
  });

  it("explains the sentinel and local/", () => {
    expect(firstCells).toContain(SENTINEL_NAME);
    expect(firstCells).toContain(`${LOCAL_NAME}/`);
  });
});

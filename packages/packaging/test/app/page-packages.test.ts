import { readFile } from "node:fs/promises";
import { isBuiltin } from "node:module";
import { join } from "node:path";
import { expect, it } from "vitest";
import { filesIn } from "../../src/app/package-files.ts";
import { findInstalled, readManifest } from "../../src/app/package-graph.ts";
import { PAGE_PACKAGES } from "../../src/app/page-packages.ts";
import { ROOT } from "../../src/places.ts";

const DESKTOP = join(ROOT, "packages", "desktop");

/** The name in an import of a package that is not of types alone, on its last line. */
const IMPORTED = /^(?!import type)(?:import |.*\bfrom )"([^".][^"]*)"/gmu;

it("the packages whose licences go with the page are those that it is built of", async () => {
  const sources = (await filesIn(join(DESKTOP, "ui", "src"))).filter((path) => /\.tsx?$/u.test(path));
  const waiting = new Set<string>();
  for (const path of sources) {
    const text = await readFile(join(DESKTOP, "ui", "src", path), "utf8");
    // Types leave nothing in the page.
    for (const [, name = ""] of text.matchAll(IMPORTED)) {
      if (!name.startsWith("@lanspread/") && !isBuiltin(name)) waiting.add(packageOf(name));
    }
  }
  expect(waiting.size).toBeGreaterThan(2);
  const from = new Map([...waiting].map((name) => [name, DESKTOP]));
  for (const [name, place] of from) {
    const dir = findInstalled(name, place);
    expect(dir, name).not.toBeNull();
    if (dir === null) continue;
    for (const other of Object.keys((await readManifest(dir)).dependencies)) {
      if (!from.has(other)) from.set(other, dir);
    }
  }
  expect([...PAGE_PACKAGES].sort()).toEqual([...from.keys()].sort());
});

function packageOf(name: string): string {
  return name
    .split("/")
    .slice(0, name.startsWith("@") ? 2 : 1)
    .join("/");
}

import { mkdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { type TemporaryDirectory, temporaryDirectory } from "@lanspread/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Placeable, placePackages } from "../../src/app/place-packages.ts";

/** Packages by their folders: `zod@1` is version 1 of zod. */
function packages(needs: Readonly<Record<string, readonly string[]>>): Placeable[] {
  return Object.entries(needs).map(([dir, wanted]) => ({
    dir,
    manifest: { name: nameOf(dir) },
    dependencies: new Map(wanted.map((other) => [nameOf(other), other])),
  }));
}

const nameOf = (dir: string): string => dir.slice(0, dir.lastIndexOf("@"));

const placed = (needs: Readonly<Record<string, readonly string[]>>): Record<string, string> =>
  Object.fromEntries(placePackages(packages(needs)));

describe("placePackages", () => {
  it("puts all side by side", () => {
    expect(placed({ "app@1": ["@a/b@1", "c@1"], "@a/b@1": ["c@1"], "c@1": [] })).toEqual({
      "node_modules/app": "app@1",
      "node_modules/@a/b": "@a/b@1",
      "node_modules/c": "c@1",
    });
  });

  it("puts another version where only who needs it finds it, with what that one needs", () => {
    const needs = {
      "app@1": ["a@1", "c@2"],
      "a@1": ["c@1"],
      "c@1": ["d@1"],
      "c@2": ["d@2"],
      "d@1": [],
      "d@2": [],
    };
    expect(placed(needs)).toEqual({
      "node_modules/app": "app@1",
      "node_modules/a": "a@1",
      "node_modules/c": "c@2",
      "node_modules/a/node_modules/c": "c@1",
      "node_modules/d": "d@2",
      "node_modules/a/node_modules/c/node_modules/d": "d@1",
    });
  });

  it("places packages that need each other", () => {
    expect(Object.keys(placed({ "app@1": ["a@1"], "a@1": ["b@1"], "b@1": ["a@1"] }))).toHaveLength(3);
  });

  it("refuses what would have to be inside of itself", () => {
    const needs = { "app@1": ["a@1"], "a@1": ["b@1"], "b@1": ["a@2"], "a@2": ["b@2"], "b@2": ["a@1"] };
    expect(() => placed(needs)).toThrow("inside of the other");
  });

  it("gives everybody what he has now, as Node.js itself resolves it, or says that it cannot", async () => {
    await using place = await temporaryDirectory();
    const dirs = ["app@1", ...["a", "b", "c"].flatMap((name) => [`${name}@1`, `${name}@2`])];
    let run = 0;
    const needsOf = fc.tuple(
      ...dirs.map(() => fc.subarray(["a@1", "b@1", "c@1"]).chain((some) => fc.tuple(...some.map(either)))),
    );
    await fc.assert(
      fc.asyncProperty(needsOf, async (lists) => {
        const known = packages(Object.fromEntries(dirs.map((dir, index) => [dir, lists[index] ?? []])));
        let places: ReadonlyMap<string, string>;
        try {
          places = placePackages(known);
        } catch (error) {
          expect(String(error)).toContain("would load");
          return;
        }
        await writeTree(place, String(++run), places);
        for (const [path, dir] of places) {
          const require = createRequire(place.join(String(run), path, "index.js"));
          for (const [name, wanted] of known.find((one) => one.dir === dir)?.dependencies ?? []) {
            expect((require(`${name}/package.json`) as { dir: string }).dir).toBe(wanted);
          }
        }
      }),
      { numRuns: 40 },
    );
  });
});

const either = (dir: string): fc.Arbitrary<string> => fc.constantFrom(dir, dir.replace("@1", "@2"));

async function writeTree(
  place: TemporaryDirectory,
  root: string,
  places: ReadonlyMap<string, string>,
): Promise<void> {
  for (const [path, dir] of places) {
    await mkdir(place.join(root, path), { recursive: true });
    await writeFile(place.join(root, path, "package.json"), JSON.stringify({ name: nameOf(dir), dir }));
  }
}

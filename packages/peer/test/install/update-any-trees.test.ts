import { mkdir, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { checkPathSet, foldCase } from "@lanspread/proto";
import fc from "fast-check";
import { expect, it } from "vitest";
import { PeerError } from "../../src/errors/index.ts";
import { readInstalledList } from "../../src/install/index.ts";
import { createGame, install } from "./installing.ts";
import { GGOO, namesIn, type Rig } from "./support.ts";
import { update } from "./updating.ts";

/** Few names, so that the versions and the user meet: as files and as directories, and in two spellings. */
const PATHS = [
  "a",
  "A",
  "b",
  "b/x",
  "b/y",
  "B/x",
  "B/z",
  "b/c/d",
  "b/C/e",
  "saves/1",
  "Saves/2",
  "saves/1/deep",
];
const CONTENTS = ["one", "two", "more than three"];

type Files = ReadonlyMap<string, string>;

/** Files that a version may have: they can lie beside each other everywhere. */
const version = fc
  .array(fc.tuple(fc.constantFrom(...PATHS), fc.constantFrom(...CONTENTS)), { maxLength: 6 })
  .map((files): Files => {
    const kept = new Map([["game.exe", "game"]]);
    for (const [path, content] of files)
      if (checkPathSet([...kept.keys(), path]) === null) kept.set(path, content);
    return kept;
  });

type Act =
  | { readonly does: "write"; readonly path: string; readonly content: string }
  | { readonly does: "touch" | "delete"; readonly path: string };

const act: fc.Arbitrary<Act> = fc.oneof(
  fc.record({
    does: fc.constant("write" as const),
    path: fc.constantFrom(...PATHS),
    content: fc.constantFrom(...CONTENTS, "the user's"),
  }),
  fc.record({ does: fc.constantFrom("touch" as const, "delete" as const), path: fc.constantFrom(...PATHS) }),
);

/** What cannot be done (a directory is where the file should be) is not done. */
async function perform(local: string, { does, path, ...more }: Act): Promise<void> {
  const target = join(local, path);
  try {
    if (does === "write") {
      await mkdir(dirname(target), { recursive: true });
      await writeFile(target, "content" in more ? more.content : "");
    } else if (does === "touch") await utimes(target, 1_000, 1_000);
    else await rm(target);
  } catch {}
}

async function filesIn(directory: string): Promise<Files> {
  const found = new Map<string, string>();
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) found.set(path.slice(directory.length + 1), await readFile(path, "utf8"));
  }
  return found;
}

async function put(root: string, files: Files, number: string): Promise<void> {
  for (const name of await readdir(root))
    if (name !== "local") await rm(join(root, name), { recursive: true });
  for (const [path, content] of files) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
  await writeFile(join(root, "version.ini"), `${number}\n`);
}

/** Paths of a tree with their directories, as they are compared. */
function foldedWithDirectories(files: Files): ReadonlyMap<string, "file" | "directory"> {
  const all = new Map<string, "file" | "directory">();
  for (const path of files.keys()) {
    const components = foldCase(path).split("/");
    for (let n = 1; n < components.length; n++) all.set(components.slice(0, n).join("/"), "directory");
    all.set(foldCase(path), "file");
  }
  return all;
}

async function check(rig: Rig, old: Files, acts: readonly Act[], next: Files): Promise<void> {
  const local = join(rig.root, "local");
  await put(rig.root, old, "1");
  await install(rig);
  for (const each of acts) await perform(local, each);
  const played = await filesIn(local);
  await put(rig.root, next, "2");

  const users = [...played].filter(([path, content]) => old.get(path) !== content);
  const brought = foldedWithDirectories(next);
  const blocked = users.some(([path]) => {
    const above = foldCase(path).split("/").slice(0, -1);
    return above.some((_, n) => brought.get(above.slice(0, n + 1).join("/")) === "file");
  });
  const result = await update(rig).catch((error: unknown) => error);
  const after = await filesIn(local);
  expect(await namesIn(rig.root)).not.toContain(".local.backup");
  expect(await namesIn(rig.root)).not.toContain(".local.installing");
  if (blocked) {
    expect(result).toBeInstanceOf(PeerError);
    expect(result).toMatchObject({ code: "already-exists" });
    expect(after).toEqual(played);
    expect((await readInstalledList(rig.stateDir, GGOO))?.version).toBe("1");
    return;
  }
  const kept = users.filter(([path]) => !brought.has(foldCase(path)));
  for (const [path, content] of next) expect([path, after.get(path)]).toEqual([path, content]);
  // Each file of the user's is there, once, under its name.
  const others = [...after].filter(([path]) => !next.has(path));
  const folded = (files: readonly (readonly [string, string])[]): string[] =>
    files.map(([path, content]) => `${foldCase(path)}: ${content}`).sort();
  expect(folded(others)).toEqual(folded(kept));
  expect(result).toEqual({ files: next.size, bytes: expect.any(Number), carried: kept.length });
  expect((await readInstalledList(rig.stateDir, GGOO))?.version).toBe("2");
}

it("an update of any tree to any other has the new version's bytes, and all of the user's that it can have", async () => {
  await fc.assert(
    fc.asyncProperty(version, fc.array(act, { maxLength: 8 }), version, async (old, acts, next) => {
      await using rig = await createGame({});
      await check(rig, old, acts, next);
    }),
    { numRuns: 60 },
  );
});

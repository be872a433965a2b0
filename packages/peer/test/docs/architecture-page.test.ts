import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { z } from "zod";

const root = new URL("../../../../", import.meta.url);
const page = await readFile(new URL("docs/architecture.md", root), "utf8");

const quotedIn = (text: string): string[] => [...text.matchAll(/`([^`]+)`/gu)].map((match) => match[1] ?? "");

/** The cells of the page's rows that begin with a name in backticks, the name without them. */
const rows = page.split("\n").flatMap((line) => {
  const [name, ...cells] = /^\| `/u.test(line) ? line.slice(2, -2).split(" | ") : [];
  return name === undefined ? [] : [{ name: name.trim().replaceAll("`", ""), cells }];
});
const rooms = rows.filter(({ cells }) => cells.length === 1).map(({ name }) => name);
const packages = rows.filter(({ cells }) => cells.length === 2);

async function directoriesIn(path: string): Promise<string[]> {
  const entries = await readdir(new URL(path, root), { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

const manifestSchema = z.object({
  name: z.string(),
  dependencies: z.record(z.string(), z.string()).default({}),
});

async function manifestOf(folder: string): Promise<z.infer<typeof manifestSchema>> {
  return manifestSchema.parse(JSON.parse(await readFile(new URL(`${folder}/package.json`, root), "utf8")));
}

/** The package `lanspread` is known by its folder. */
const shortName = (name: string): string =>
  name === "lanspread" ? "peer-cli" : name.replace("@lanspread/", "");

describe("docs/architecture.md", () => {
  it("lists exactly the packages", async () => {
    const folders = (await directoriesIn("packages/")).map((name) => `packages/${name}`);
    expect(packages.map(({ name }) => name).sort()).toEqual([...folders, "bench", "scenarios"].sort());
  });

  it.each(packages)("says whom $name knows", async ({ name, cells }) => {
    const all = await Promise.all(packages.map((listed) => manifestOf(listed.name)));
    const own = new Set(all.map((manifest) => manifest.name));
    const { dependencies } = await manifestOf(name);
    const known = Object.keys(dependencies).filter((dependency) => own.has(dependency));
    expect(quotedIn(cells[1] ?? "").sort()).toEqual(known.map(shortName).sort());
  });

  it("lists exactly the rooms of the runtime", async () => {
    expect(rooms.sort()).toEqual((await directoriesIn("packages/peer/src/")).sort());
  });

  it("names only files that are there", () => {
    const named = quotedIn(page).filter((word) => /^[\w./-]+\.(?:ts|json|md)$/u.test(word));
    expect(named.length).toBeGreaterThan(10);
    const found = named.filter((path) =>
      [root, new URL("packages/peer/src/", root)].some((base) =>
        existsSync(fileURLToPath(new URL(path, base))),
      ),
    );
    expect(found).toEqual(named);
  });

  it("leads to headings and pages that are there", async () => {
    const links = [...page.matchAll(/\]\(([\w-]+\.md)(?:#([\w-]+))?\)/gu)];
    expect(links.length).toBeGreaterThan(1);
    for (const [, path = "", anchor] of links) {
      const text = await readFile(new URL(`docs/${path}`, root), "utf8");
      const anchors = [...text.matchAll(/^#+ (.*)$/gmu)].map(([, heading = ""]) => anchorOf(heading));
      if (anchor !== undefined) expect(anchors).toContain(anchor);
    }
  });
});

/** As GitHub makes them: lower case, no punctuation, `-` for spaces. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\w\s-]/gu, "")
    .replaceAll(" ", "-");
}

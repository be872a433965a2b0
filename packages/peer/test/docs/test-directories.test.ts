import { readdir, readFile } from "node:fs/promises";
import { temporaryDirectory } from "@lanspread/testkit";
import { describe, expect, it, vi } from "vitest";

const root = new URL("../../../../", import.meta.url);

/** The folders of all tests, and of what makes their places. No other is listed: what is built comes and goes. */
async function testFolders(): Promise<string[]> {
  const packages = (await readdir(new URL("packages/", root))).map((name) => `packages/${name}/test/`);
  return [...packages, "scenarios/test/", "bench/test/", "packages/testkit/src/"];
}

/** The statements of all tests, and of what makes their places. */
async function testStatements(): Promise<{ file: string; statement: string }[]> {
  const files: string[] = [];
  for (const folder of await testFolders()) {
    const names = await readdir(new URL(folder, root), { recursive: true });
    files.push(...names.map((name) => `${folder}${name}`));
  }
  const sources = files.filter((name) => name.endsWith(".ts") && !name.endsWith("test-directories.test.ts"));
  const texts = await Promise.all(sources.map((file) => readFile(new URL(file, root), "utf8")));
  return sources.flatMap((file, n) =>
    (texts[n] ?? "").split(/;\n|\{\n/u).map((statement) => ({ file, statement: statement.trim() })),
  );
}

describe("the directories of tests", () => {
  it("are not named by pid and time, so that none collide", async () => {
    const statements = await testStatements();
    const placed = statements.filter(({ statement }) => /\btmpdir\(\)/u.test(statement));
    // Where the system's directory is named, the system chooses the rest of the name, or nothing is made.
    expect(placed.length).toBeGreaterThan(0);
    for (const { file, statement } of placed)
      expect(statement, file).toMatch(/\b(?:mkdtemp|readdir)(?:Sync)?\(|\.startsWith\(tmpdir\(\)\)/u);
    const guessed = statements.filter(
      ({ statement }) =>
        /\b(?:join|mkdir|mkdirSync|mkdtemp|mkdtempSync|temporaryDirectory)\(/u.test(statement) &&
        /process\.pid|Date\.now\(|performance\.now\(|new Date\(|["'`]\/tmp\//u.test(statement),
    );
    expect(guessed).toEqual([]);
  });

  it("are each another, however many are made at one moment by one process", async () => {
    vi.useFakeTimers({ toFake: ["Date", "performance"], now: 0 });
    const made = await Promise.all(Array.from({ length: 200 }, () => temporaryDirectory())).finally(() =>
      vi.useRealTimers(),
    );
    try {
      expect(new Set(made.map(({ path }) => path)).size).toBe(made.length);
      for (const { path } of made) expect(await readdir(path)).toEqual([]);
    } finally {
      await Promise.all(made.map((directory) => directory[Symbol.asyncDispose]()));
    }
  });
});

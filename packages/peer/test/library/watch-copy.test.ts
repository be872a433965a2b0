import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { eventually } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { createRig, GAME, GGOO, type Rig, writeFiles } from "./support.ts";
import { DEADLINE_MS, startWatching } from "./watching.ts";

const run = promisify(execFile);
const soon = { deadlineMs: DEADLINE_MS };
const FOLDERS = 60;
const FILES_PER_FOLDER = 50;
const FILES = FOLDERS * FILES_PER_FOLDER;

/** Thousands of files in folders, outside of the games directory, with no sentinel. */
async function makeLargeGame(rig: Rig): Promise<string> {
  const source = rig.dir.join("source");
  for (let folder = 0; folder < FOLDERS; folder += 1) {
    const path = join(source, "data", `folder-${folder}`);
    await mkdir(path, { recursive: true });
    for (let n = 0; n < FILES_PER_FOLDER; n += 1) writeFileSync(join(path, `file-${n}`), `${n}`);
  }
  await writeFile(join(source, "ggoo.eti"), "archive");
  return source;
}

/** Ids in every state of the library that was announced. */
function announced(rig: Rig): Set<string> {
  const ids = new Set<string>();
  rig.library.onChange(() => {
    for (const { id } of rig.library.snapshot().games) ids.add(id);
  });
  return ids;
}

describe("a large game that is copied into the library", () => {
  it("becomes visible when its sentinel comes, not before, and costs a bounded number of looks", async () => {
    await using rig = await createRig({ marker: GAME });
    const source = await makeLargeGame(rig);
    await using watching = await startWatching(rig);
    const seen = announced(rig);
    const before = rig.library.state();
    const root = join(rig.gamesDir, "ggoo");
    await run("cp", ["-r", source, root]);
    // It is watched as a whole when the copy has come to rest; by then every event of it has been dealt with.
    await eventually(() => watching.watcher.open.includes(root), soon);
    await eventually(
      () => rig.library.localGames().length === 1 && rig.library.state().looks > before.looks,
      soon,
    );
    const copied = rig.library.state();
    expect(seen.has("ggoo")).toBe(false);
    expect(copied.walks).toBe(before.walks);

    await writeFile(join(root, ".version.ini.tmp"), "2024.01.01");
    await rename(join(root, ".version.ini.tmp"), join(root, "version.ini"));
    await eventually(() => rig.library.snapshot().games.some(({ id }) => id === "ggoo"), soon);
    expect(rig.library.manifestOf(GGOO)?.manifest.files).toHaveLength(FILES + 2);
    await rig.library.hashed();
    const after = rig.library.state();
    // However long it takes: pauses of 250, 500 … 8,000 ms are 8 looks in half a minute. For the root's coming, its
    // first files, its settling and its sentinel there are some more.
    expect(after.looks - before.looks).toBeLessThanOrEqual(16);
    expect(after.walks - before.walks).toBeLessThanOrEqual(3);
  });

  it("becomes visible whole when its sentinel comes last in the same copy", async () => {
    await using rig = await createRig({ marker: GAME });
    const source = await makeLargeGame(rig);
    await using _watching = await startWatching(rig);
    const before = rig.library.state();
    const root = join(rig.gamesDir, "ggoo");
    await run("sh", ["-c", `cp -r "$1" "$2" && echo 2024.01.01 > "$2/version.ini"`, "sh", source, root]);
    await eventually(() => rig.library.manifestOf(GGOO)?.manifest.files.length === FILES + 2, soon);
    expect(rig.library.state().looks - before.looks).toBeLessThanOrEqual(16);
    expect(rig.library.state().walks - before.walks).toBeLessThanOrEqual(4);
  });

  it("ends with everything where its sentinel comes first, and is not walked for every file", async () => {
    await using rig = await createRig({ marker: GAME });
    const source = await makeLargeGame(rig);
    await using _watching = await startWatching(rig);
    await writeFiles(join(rig.gamesDir, "ggoo"), { "version.ini": "2024.01.01" });
    await eventually(() => rig.library.snapshot().games.length === 2, soon);
    const before = rig.library.state();
    await run("cp", ["-r", `${source}/.`, join(rig.gamesDir, "ggoo")]);
    await eventually(() => rig.library.manifestOf(GGOO)?.manifest.files.length === FILES + 2, soon);
    // Each walk waits until nine times what the last one took has passed: a second at least, after the first ones.
    expect(rig.library.state().walks - before.walks).toBeLessThan(40);
  });
});

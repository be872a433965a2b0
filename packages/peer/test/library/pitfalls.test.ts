import { readFile, rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { asGameId, type GameId } from "@lanspread/proto";
import { createRandom } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import {
  BF1942,
  createRig,
  expectedContentId,
  type Files,
  GAME,
  GGOO,
  type Rig,
  writeFiles,
} from "./support.ts";

const IDS = Array.from({ length: 6 }, (_, n) => asGameId(`game${n}`));
const ROUNDS = 12;

/** A game whose bytes below the root change without the root looking any different. */
function gameOf(word: string): Files {
  return { "version.ini": "20240101", "game.eti": "archive", "data/deep.txt": word };
}

/** What lies on disk of the library's revision. */
async function savedRevision({ stateDir }: Rig): Promise<unknown> {
  const saved: { library_rev: unknown } = JSON.parse(await readFile(stateDir.libraryFile, "utf8"));
  return saved.library_rev;
}

describe("the index", () => {
  it("knows no overlapping load-change-save: after many changes at once the disk says what the memory says", async () => {
    const random = createRandom(7);
    const rig = await createRig(Object.fromEntries(IDS.map((id) => [id, gameOf("first")])));
    const { library } = rig;
    const published: number[] = [];
    library.onChange(({ snapshotChanged }) => {
      if (snapshotChanged) published.push(library.snapshot().library_rev);
    });
    await library.start();
    const change = async (id: GameId, round: number): Promise<void> => {
      const root = join(rig.gamesDir, id);
      if (random() < 0.3) {
        await rm(join(root, "data"), { recursive: true, force: true });
        await library.rescan(id);
      }
      if (random() < 0.5) await writeFiles(root, { "version.ini": `${round + 1}` });
      await writeFiles(root, { ...gameOf(`word ${round} of ${id}`), "version.ini": `${round + 1}` });
      await library.rescan(id, { walk: true });
    };
    const operate = async (id: GameId, round: number): Promise<void> => {
      if (rig.busy.has(id)) return;
      rig.busy.add(id);
      await library.hold(id);
      await writeFiles(join(rig.gamesDir, id), { "version.ini": `${round + 1}`, "local/save": "x" });
      await library.release(id);
      rig.busy.delete(id);
    };
    for (let round = 0; round < ROUNDS; round += 1) {
      await Promise.all([
        ...IDS.map((id) => change(id, round)),
        ...IDS.map((id) => (random() < 0.3 ? operate(id, round) : library.rescan(id))),
        library.rescanAll(),
        library.rescanAll(),
      ]);
      // Hashing publishes as well, and meanwhile the disk is a moment ahead. Every other round begins beside that.
      if (round % 2 === 0) continue;
      await library.hashed();
      expect(await savedRevision(rig)).toBe(library.snapshot().library_rev);
    }
    await library.rescanAll();
    await library.hashed();
    const before = library.snapshot();
    expect(before.games.map(({ id }) => id)).toEqual(IDS);
    // Each publication counted once, and none got lost behind another.
    expect(published).toEqual(Array.from({ length: published.length }, (_, n) => n + 1));

    await using again = await rig.restart();
    again.library.setHashingPaused(true);
    await again.library.start();
    expect(again.library.snapshot()).toEqual(before);
    for (const id of IDS) {
      const known = again.library.snapshot().games.find((game) => game.id === id)?.content_id;
      expect([id, known]).toEqual([id, await expectedContentId(again.library, again.gamesDir, id)]);
    }
  });
});

describe("a rescan", () => {
  it("misses no rewrite of the same length within one second, neither of version.ini nor of an archive", async () => {
    await using rig = await createRig({ ggoo: GAME });
    const { library } = rig;
    await library.start();
    const root = join(rig.gamesDir, "ggoo");
    const second = 1_700_000_000;
    const contents = new Set<string | null | undefined>();
    /** Writes a file with a time within one second, and looks for what came of it. */
    const rewrite = async (name: string, content: string, milliseconds: number): Promise<void> => {
      await writeFile(join(root, name), content);
      await utimes(join(root, name), second, second + milliseconds / 1000);
      await library.rescan(GGOO);
      await library.hashed();
      const known = library.snapshot().games[0]?.content_id;
      expect(known, content).toBe(await expectedContentId(library, rig.gamesDir, GGOO));
      contents.add(known);
    };
    // The sentinel is read at each look: not even its time has to be another.
    for (const comment of ["a", "b", "c"]) await rewrite("version.ini", `1\n;${comment}`, 0);
    for (const [n, content] of ["one", "two", "six"].entries()) await rewrite("ggoo.eti", content, n);
    expect(contents.size).toBe(6);
  });

  it("takes no nested version.ini for the sentinel, however near it is", async () => {
    await using rig = await createRig({
      ggoo: { "data/version.ini": "20180412", "local/version.ini": "20180412", "ggoo.eti": "archive" },
      bf1942: { "version.ini": "1", "data/version.ini": "2" },
    });
    await rig.library.start();
    expect(rig.library.localGames().map(({ id, version }) => [id, version])).toEqual([
      ["bf1942", "1"],
      ["ggoo", null],
    ]);
    await writeFiles(rig.gamesDir, { "version.ini": "3", "bf1942/data/version.ini": "4" });
    await rm(join(rig.gamesDir, "bf1942", "version.ini"));
    await rig.library.rescanAll();
    expect(rig.library.localGames().map(({ id, version }) => [id, version])).toEqual([["ggoo", null]]);
    expect(rig.library.snapshot().games).toEqual([]);
  });
});

describe("a change event", () => {
  it("comes from a change: rescans of what is the same make none, so nothing has to hide duplicates", async () => {
    await using rig = await createRig({ ggoo: GAME, bf1942: GAME });
    await rig.library.start();
    await rig.library.hashed();
    rig.events.length = 0;
    const before = rig.library.snapshot();
    for (let round = 0; round < 5; round += 1) {
      await Promise.all(
        [0, 1, 2].flatMap(() => [
          rig.library.rescanAll(),
          rig.library.rescan(GGOO),
          rig.library.rescan(GGOO, { walk: true }),
        ]),
      );
    }
    expect(rig.events).toEqual([]);
    expect(rig.library.snapshot().library_rev).toBe(before.library_rev);
    // What becomes another and then is again what it was is told both times.
    const sentinel = join(rig.gamesDir, "ggoo", "version.ini");
    for (const version of ["2", "3", "2"]) {
      await writeFile(sentinel, version);
      await rig.library.rescan(GGOO);
    }
    await rig.library.hashed();
    const told = rig.events.filter(({ snapshotChanged }) => snapshotChanged);
    expect(told.length).toBe(rig.library.snapshot().library_rev - before.library_rev);
    expect(told.length).toBeGreaterThanOrEqual(3);
  });

  it("that the user is told of carries the revision that others are told of, also where changes overlap", async () => {
    await using rig = await createRig({ ggoo: GAME, bf1942: GAME });
    await rig.library.start();
    await rig.library.hashed();
    rig.library.setHashingPaused(true);
    let told = rig.library.snapshot().library_rev;
    rig.library.onChange(({ localChanged }) => {
      if (localChanged) told = rig.library.snapshot().library_rev;
    });
    for (let round = 1; round <= 20; round += 1) {
      const later = Promise.withResolvers<void>();
      const first = join(rig.gamesDir, "ggoo", "version.ini");
      const second = join(rig.gamesDir, "bf1942", "version.ini");
      await Promise.all([writeFile(first, `${round}`), writeFile(second, `${round}`)]);
      setTimeout(() => later.resolve(), round % 4);
      await Promise.all([rig.library.rescan(GGOO), later.promise.then(() => rig.library.rescan(BF1942))]);
      expect([round, told]).toEqual([round, rig.library.snapshot().library_rev]);
    }
  });
});

import { truncate } from "node:fs/promises";
import { createVirtualClock, eventually, temporaryDirectory } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import {
  DIRECTORY_CHECK_MS,
  FALLBACK_SCAN_MS,
  MAX_HASH_ATTEMPTS,
  UNWATCHED_SCAN_MS,
} from "../../src/library/constants.ts";
import type { DirectoryWatch } from "../../src/library/directory-watch.ts";
import { walkManifest } from "../../src/library/index.ts";
import { createLooker } from "../../src/library/looker.ts";
import { type LibraryMonitorOptions, monitorLibrary } from "../../src/library/monitor.ts";
import { createPieceHasher } from "../../src/library/piece-hasher.ts";
import { silentLogger } from "../../src/logger.ts";
import { dyingThreads } from "./dying-threads.ts";
import { createRig, expectedContentId, GAME, GGOO, type Rig, writeFiles } from "./support.ts";
import { DEADLINE_MS } from "./watching.ts";

const MIB = 1024 * 1024;
const LOOKING = "lanspread-look";
const HASHING = "lanspread-hash";
/** A sparse file of so many bytes takes long enough to read that something can happen meanwhile. */
const ENDLESS_BYTES = 2 ** 40;

/** Looks that take a thread some seconds. */
const LOOKS_OF_SECONDS = 20_000;

const soon = { deadlineMs: DEADLINE_MS };
const announced = (rig: Rig): readonly string[] => rig.library.snapshot().games.map(({ id }) => id);
const said = (rig: Rig, text: string): number => rig.log.filter(({ message }) => message === text).length;

/** A library that is watched on a clock of the test, by a watcher that reports nothing. */
async function watchWithoutEvents(rig: Rig, instead: Partial<LibraryMonitorOptions["library"]> = {}) {
  await rig.library.start();
  await rig.library.hashed();
  const { looks } = rig.library.state();
  const clock = createVirtualClock();
  const stopping = new AbortController();
  const watchDirectory = async (): Promise<DirectoryWatch> => ({ close: async () => {} });
  const { library } = rig;
  const watched: LibraryMonitorOptions["library"] = {
    state: () => library.state(),
    snapshot: () => library.snapshot(),
    rescan: (id, options) => library.rescan(id, options),
    rescanAll: (options) => library.rescanAll(options),
    relist: () => library.relist(),
    setWatchWarning: (warning) => library.setWatchWarning(warning),
    onChange: (handler) => library.onChange(handler),
    ...instead,
  };
  const monitor = monitorLibrary(
    { library: watched, clock, logger: silentLogger, watchDirectory },
    stopping.signal,
  );
  await eventually(() => library.state().looks === 2 * looks && clock.pending > 0, soon);
  // Looks count when they begin: the thread that a test ends must not be busy with one of these.
  await library.rescanAll();
  return {
    clock,
    [Symbol.asyncDispose]: async () => {
      stopping.abort();
      await monitor;
    },
  };
}

describe("a thread that looks at games", () => {
  it("and dies fails the looks under way; the next one gets another thread", async () => {
    await using dir = await temporaryDirectory();
    await writeFiles(dir.path, GAME);
    using threads = dyingThreads(LOOKING);
    const looker = createLooker();
    try {
      const look = () => looker.look({ root: dir.path, entryFile: null });
      expect(await look()).toMatchObject({ status: "seen" });
      // While nothing is asked of it.
      await threads.endLast();
      expect(await look()).toMatchObject({ status: "seen" });
      // They go to the thread together, and are so many that it has not answered when it is ended.
      const under = Promise.allSettled(Array.from({ length: LOOKS_OF_SECONDS }, look));
      await new Promise<void>((resolve) => queueMicrotask(resolve));
      await threads.endLast();
      for (const outcome of await under) {
        if (outcome.status === "fulfilled" || outcome.reason.code !== "internal") expect.unreachable();
      }
      expect(await look()).toMatchObject({ status: "seen" });
      expect(threads.started).toHaveLength(3);
    } finally {
      await looker.close();
    }
  });

  it("and dies hides no game for long: what could not be read is read soon, without an event, and told of once", async () => {
    using threads = dyingThreads(LOOKING);
    await using rig = await createRig({ ggoo: GAME, other: GAME });
    await using watched = await watchWithoutEvents(rig);
    for (const attempt of [1, 2]) {
      const looked = rig.library.rescan(GGOO);
      // It is asked within the turn, and takes longer than that to answer.
      for (let n = 0; n < 1_000 && threads.started.length < attempt; n += 1) await Promise.resolve();
      await threads.endLast();
      await looked;
      expect([attempt, announced(rig), rig.library.state().isRead]).toEqual([attempt, ["other"], false]);
    }
    expect(said(rig, "a game cannot be read")).toBe(1);
    await watched.clock.advanceAsync(DIRECTORY_CHECK_MS);
    await eventually(() => announced(rig).length === 2, soon);
    expect(rig.library.state().isRead).toBe(true);
  });

  it("leaves a root that cannot be read for longer and longer, up to the pause between two looks at everything", async () => {
    await using rig = await createRig({ ggoo: GAME });
    const looked: number[] = [];
    await using watched = await watchWithoutEvents(rig, {
      state: () => ({ ...rig.library.state(), isRead: false }),
      relist: async () => void looked.push(watched.clock.now()),
    });
    for (let at = 0; at < FALLBACK_SCAN_MS - DIRECTORY_CHECK_MS; at += DIRECTORY_CHECK_MS) {
      await watched.clock.advanceAsync(DIRECTORY_CHECK_MS);
      // The check asks the disk, which knows nothing of the clock.
      await eventually(() => watched.clock.pending > 0, soon);
    }
    // 2, 4, 8, 16, and then every 30 s: not at every check, and not as rarely as everything is looked at.
    expect(looked.length).toBeGreaterThan(FALLBACK_SCAN_MS / UNWATCHED_SCAN_MS / 2);
    expect(looked.length).toBeLessThan(FALLBACK_SCAN_MS / UNWATCHED_SCAN_MS + 8);
  });
});

describe("a thread that hashes games", () => {
  it("and dies, busy or not, fails what is under way; the next game gets another thread", async () => {
    await using dir = await temporaryDirectory();
    await writeFiles(dir.path, { ...GAME, endless: "" });
    await truncate(dir.join("endless"), ENDLESS_BYTES);
    const { files } = await walkManifest(dir.path);
    const short = files.filter(({ size }) => size < ENDLESS_BYTES);
    using threads = dyingThreads(HASHING);
    const hasher = createPieceHasher();
    try {
      const hash = (of: typeof files) => hasher.hash({ root: dir.path, files: of, pieceSize: MIB });
      expect(await hash(short)).toMatchObject({ status: "done" });
      // While nothing is asked of it.
      await threads.endLast();
      expect(await hash(short)).toMatchObject({ status: "done" });
      const failed = expect(hash(files)).rejects.toMatchObject({ code: "internal" });
      await threads.endLast();
      await failed;
      expect(await hash(short)).toMatchObject({ status: "done" });
      expect(threads.started).toHaveLength(3);
    } finally {
      await hasher.close();
    }
  });

  it("and dies costs no game its digests: it is hashed again at once, and not for ever", async () => {
    using threads = dyingThreads(HASHING);
    await using rig = await createRig({ ggoo: GAME });
    // It waits in the middle of its work.
    rig.library.setHashingPaused(true);
    await rig.library.start();
    await eventually(() => threads.started.length === 1, soon);
    await threads.endLast();
    await eventually(() => threads.started.length === 2, soon);
    rig.library.setHashingPaused(false);
    await rig.library.hashed();
    const contentIdOf = () => rig.library.snapshot().games[0]?.content_id;
    expect(contentIdOf()).toBe(await expectedContentId(rig.library, rig.gamesDir, GGOO));

    rig.library.setHashingPaused(true);
    await writeFiles(rig.gamesDir, { "ggoo/version.ini": "7" });
    await rig.library.rescan(GGOO);
    // It is asked by now. Where nothing was asked of the one before for a while, it is another one.
    const before = threads.started.length - 1;
    for (let attempt = 1; attempt <= MAX_HASH_ATTEMPTS; attempt += 1) {
      if (attempt > 1) await eventually(() => threads.started.length === before + attempt, soon);
      await threads.endLast();
    }
    await rig.library.hashed();
    expect([contentIdOf(), threads.started.length]).toEqual([null, before + MAX_HASH_ATTEMPTS]);
    rig.library.setHashingPaused(false);
    // Until somebody looks at the game again.
    await rig.library.rescan(GGOO);
    await rig.library.hashed();
    expect(contentIdOf()).toBe(await expectedContentId(rig.library, rig.gamesDir, GGOO));
  });
});

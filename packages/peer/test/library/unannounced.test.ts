import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createVirtualClock, eventually } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { DIRECTORY_CHECK_MS } from "../../src/library/constants.ts";
import type { DirectoryWatch } from "../../src/library/directory-watch.ts";
import { monitorLibrary } from "../../src/library/index.ts";
import { silentLogger } from "../../src/logger.ts";
import { createRig, GAME, GGOO, type Rig, writeFiles } from "./support.ts";
import { DEADLINE_MS } from "./watching.ts";

const soon = { deadlineMs: DEADLINE_MS };
const announced = (rig: Rig): string[] => rig.library.snapshot().games.map(({ id }) => id);
const complaints = (rig: Rig): readonly unknown[] =>
  rig.log.filter(({ message }) => message.includes("could not be written"));
const UNTOLD = [expect.stringContaining("other peers are not told of changes")];

/** Whatever the reason (the disk is full, say): no revision gets in its place any more. */
async function spoilRevision({ stateDir }: Rig): Promise<void> {
  await rm(stateDir.libraryFile);
  await mkdir(join(stateDir.libraryFile, "in the way"), { recursive: true });
}

describe("a revision that cannot be written", () => {
  it("is not announced: the user is told, once, and nobody else of what changed", async () => {
    await using rig = await createRig({ ggoo: GAME });
    await rig.library.start();
    await rig.library.hashed();
    const before = rig.library.snapshot();
    const heard = rig.events.length;
    await spoilRevision(rig);
    await writeFiles(join(rig.gamesDir, "other"), GAME);
    await rig.library.rescanAll();
    await rig.library.hashed();
    await rig.library.rescanAll();
    expect(rig.library.snapshot()).toEqual(before);
    expect(rig.library.localGames().map(({ id }) => id)).toEqual(["ggoo", "other"]);
    expect(rig.library.state()).toMatchObject({ isAnnounced: false, warnings: UNTOLD });
    expect(complaints(rig)).toHaveLength(1);
    const told = rig.events.slice(heard);
    expect(told.length).toBeGreaterThan(0);
    expect(told.some(({ snapshotChanged }) => snapshotChanged)).toBe(false);
    await rm(rig.stateDir.libraryFile, { recursive: true });
    await rig.library.relist();
    expect(announced(rig)).toEqual(["ggoo", "other"]);
    expect(rig.library.state()).toMatchObject({ isAnnounced: true, warnings: [] });
    expect(rig.library.snapshot().library_rev).toBeGreaterThan(before.library_rev);
    // With the news, and not behind it.
    expect(rig.events.at(-1)).toEqual({ snapshotChanged: true, localChanged: true });
  });

  it("is tried again soon, without a change that calls for it", async () => {
    await using rig = await createRig({ ggoo: GAME });
    await rig.library.start();
    await rig.library.hashed();
    const clock = createVirtualClock();
    const stopping = new AbortController();
    // Nothing is reported: no event that comes late is what helps.
    const watchDirectory = async (): Promise<DirectoryWatch> => ({ close: async () => {} });
    const monitor = monitorLibrary(
      { library: rig.library, clock, logger: silentLogger, watchDirectory },
      stopping.signal,
    );
    await eventually(() => rig.library.state().looks === 2 && clock.pending > 0, soon);
    await spoilRevision(rig);
    await writeFile(join(rig.gamesDir, "ggoo", "version.ini"), "91");
    await rig.library.rescan(GGOO);
    await rig.library.hashed();
    await clock.advanceAsync(DIRECTORY_CHECK_MS);
    expect(rig.library.state()).toMatchObject({ isAnnounced: false, warnings: UNTOLD });
    await rm(rig.stateDir.libraryFile, { recursive: true });
    await clock.advanceAsync(DIRECTORY_CHECK_MS);
    await eventually(() => rig.library.snapshot().games[0]?.version === "91", soon);
    expect(rig.library.state()).toMatchObject({ isAnnounced: true, warnings: [] });
    stopping.abort();
    await monitor;
  });
});

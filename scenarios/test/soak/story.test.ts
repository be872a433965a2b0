import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { createRandom, type TemporaryDirectory, temporaryDirectory } from "@lanspread/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Action, type DiskAction, type ProcessAction, Story } from "../../src/soak/actions.ts";
import { GamesFolder, readGames } from "../../src/soak/disk-game.ts";

const PEERS = 6;
const RESIDENTS = 2;
const STEPS = 600;
/** Steps that are played on real disks. */
const PLAYED_STEPS = 150;
const PROCESS_KINDS: readonly string[] = ["start", "stop", "kill", "suspend", "resume"];

let temporary: TemporaryDirectory;

beforeEach(async () => {
  temporary = await temporaryDirectory("lanspread-story-test-");
});

afterEach(async () => {
  await temporary[Symbol.asyncDispose]();
});

function tell(seed: number, steps = STEPS): Action[][] {
  const story = new Story(createRandom(seed), { peers: PEERS, residents: RESIDENTS });
  const beginnings = Array.from({ length: PEERS }, (_, peer) => [...story.beginning(peer, 4)]);
  return [...beginnings, ...Array.from({ length: steps }, () => [...story.next()])];
}

function isOnDisk(what: DiskAction | ProcessAction): what is DiskAction {
  return !PROCESS_KINDS.includes(what.kind);
}

describe("a story", () => {
  it("is the same for the same seed, and another one for another", () => {
    expect(tell(1)).toEqual(tell(1));
    expect(tell(1)).not.toEqual(tell(2));
  });

  it("has everything in it that can happen", () => {
    const kinds = new Set(tell(3).flatMap((step) => step.map(({ what }) => what.kind)));
    expect([...kinds].sort()).toEqual(
      [
        ...[
          "copy",
          "erase",
          "install",
          "kill",
          "play",
          "put",
          "rename",
          "resume",
          "rewrite",
          "start",
          "stop",
        ],
        ...["suspend", "take", "uninstall", "unlist"],
      ].sort(),
    );
  });

  it("never does two things to one peer at a time, ends no resident, and starts only who is down", () => {
    const down = new Set<number>();
    const asleep = new Set<number>();
    for (const step of tell(4)) {
      const busy = step.map(({ peer }) => peer);
      if (step[0]?.what.kind !== "put") expect(new Set(busy).size).toBe(busy.length);
      for (const { peer, what } of step) {
        if (what.kind === "stop" || what.kind === "kill") {
          expect(peer).toBeGreaterThanOrEqual(RESIDENTS);
          expect(down.has(peer) || asleep.has(peer)).toBe(false);
          down.add(peer);
        } else if (what.kind === "start") expect(down.delete(peer)).toBe(true);
        else if (what.kind === "suspend")
          expect(asleep.size === asleep.add(peer).size || down.has(peer)).toBe(false);
        else if (what.kind === "resume") expect(asleep.delete(peer)).toBe(true);
      }
    }
  });

  it("can be played on real disks: every action is possible when its turn comes", async () => {
    const folders = await Promise.all(
      Array.from({ length: PEERS }, async () => {
        const place = await mkdtemp(temporary.join("peer-"));
        const folder = new GamesFolder(join(place, "games"), join(place, "aside"));
        await folder.prepare();
        return folder;
      }),
    );
    const expected = folders.map(() => new Map<string, { version: string | null; installed: boolean }>());
    for (const { peer, what } of tell(5, PLAYED_STEPS).flat()) {
      const [folder, games] = [folders[peer], expected[peer]];
      if (folder === undefined || games === undefined || !isOnDisk(what)) continue;
      await play(folder, what);
      follow(games, what);
    }
    for (const [peer, folder] of folders.entries()) {
      const read = (await readGames(folder.path)).map(({ id, version, installed }) => [
        id,
        { version, installed },
      ]);
      expect(Object.fromEntries(read)).toEqual(Object.fromEntries(expected[peer] ?? []));
    }
  });
});

async function play(folder: GamesFolder, what: DiskAction): Promise<void> {
  if (what.kind === "rename") return folder.rename(what.id, what.to);
  if ("version" in what) return folder[what.kind](what.id, what.version);
  return folder[what.kind](what.id);
}

function follow(games: Map<string, { version: string | null; installed: boolean }>, what: DiskAction): void {
  const before = games.get(what.id) ?? { version: null, installed: false };
  if ("version" in what) games.set(what.id, { ...before, version: what.version });
  else if (what.kind === "unlist") games.set(what.id, { ...before, version: null });
  else if (what.kind === "install") games.set(what.id, { ...before, installed: true });
  else if (what.kind === "uninstall") games.set(what.id, { ...before, installed: false });
  else if (what.kind !== "play") games.delete(what.id);
  if (what.kind === "rename") games.set(what.to, before);
}

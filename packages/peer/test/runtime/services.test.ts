import { mkdir, rename, rm, symlink } from "node:fs/promises";
import { createVirtualClock, eventuallyPasses } from "@lanspread/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { DiscoveryFactory } from "../../src/index.ts";
import { DIRECTORY_CHECK_MS } from "../../src/library/constants.ts";
import { createLogger, type LogEntry } from "../../src/logger.ts";
import { DISCOVERY_RESTART_MS } from "../../src/peers/constants.ts";
import { RESTART_DELAY_MS } from "../../src/runtime/constants.ts";
import { createMemorySegment, type MemorySegment } from "../peers/memory-discovery.ts";
import { makeGame, Party } from "./party.ts";

let party: Party;
let segment: MemorySegment;

beforeEach(async () => {
  party = await Party.make();
  segment = createMemorySegment();
});

afterEach(() => party[Symbol.asyncDispose]());

/** Discovery on the segment whose first starts fail, and which dies when it is told to. */
function mortalDiscovery(failures: number) {
  let starts = 0;
  let die: (error: unknown) => void = () => {};
  const factory: DiscoveryFactory = (options) => {
    starts += 1;
    if (starts <= failures) throw new Error("the radio is off");
    const { promise: failed, resolve } = Promise.withResolvers<unknown>();
    die = resolve;
    return { ...segment.factory(options), failed };
  };
  return { factory, starts: () => starts, die: (error: unknown) => die(error) };
}

describe("discovery", () => {
  it("that cannot be started is started again after 5 s; who connects meanwhile is welcome", async () => {
    const clock = createVirtualClock();
    const { factory, starts } = mortalDiscovery(1);
    const alpha = await party.start("alpha", { discovery: factory, clock });
    await alpha.event("local-library-changed");
    const bravo = await party.start("bravo", { discovery: null });
    await bravo.peer.send({ type: "connect", addr: alpha.peer.addr });
    await alpha.event("peer-discovered", ({ name }) => name === "bravo");
    expect(starts()).toBe(1);
    expect(alpha.peer.snapshot().networkProblem).toContain("the radio is off");
    const charlie = await party.start("charlie", { discovery: segment.factory });
    await charlie.event("local-library-changed");
    expect(alpha.peer.snapshot().peers.map(({ name }) => name)).toEqual(["bravo"]);
    await clock.advanceAsync(DISCOVERY_RESTART_MS);
    await alpha.event("peer-discovered", ({ name }) => name === "charlie");
    expect(starts()).toBe(2);
    expect(alpha.peer.snapshot().networkProblem).toBeNull();
  });

  it("that dies is started again after 5 s, and then finds who has come meanwhile", async () => {
    const clock = createVirtualClock();
    const { factory, starts, die } = mortalDiscovery(0);
    const alpha = await party.start("alpha", { discovery: factory, clock });
    const bravo = await party.start("bravo", { discovery: segment.factory });
    await bravo.event("peer-discovered");
    await alpha.event("peer-discovered");
    die(new Error("the antenna broke"));
    await eventuallyPasses(() => expect(alpha.peer.snapshot().networkProblem).toContain("the antenna broke"));
    // It takes nobody along who is connected.
    expect(alpha.peer.snapshot().peers.map(({ name }) => name)).toEqual(["bravo"]);
    expect(segment.records().map(({ name }) => name)).toEqual(["bravo"]);
    await party.start("charlie", { discovery: segment.factory });
    await clock.advanceAsync(DISCOVERY_RESTART_MS);
    await alpha.event("peer-discovered", ({ name }) => name === "charlie");
    expect(starts()).toBe(2);
  });
});

describe("the local library", () => {
  it("whose first look fails is started again after 5 s, and then shared", async () => {
    const clock = createVirtualClock();
    const log: LogEntry[] = [];
    const logger = createLogger({ level: "warn", sink: (entry) => log.push(entry) });
    const { gamesDir, stateDir } = await party.folders("alpha");
    await makeGame(gamesDir, "quake");
    await mkdir(stateDir);
    // What lies there can neither be read nor be called damaged: its path leads through a file.
    const link = party.path("alpha", "state", "library.json");
    await symlink("/etc/hostname/nothing", link);
    const alpha = await party.start("alpha", { discovery: segment.factory, clock, logger });
    const restarts = () =>
      log.filter(({ message }) => message === "the local library failed, and is started again");
    await eventuallyPasses(() => expect(restarts().length).toBe(1));
    const bravo = await party.start("bravo", { discovery: segment.factory });
    await alpha.event("peer-discovered");
    expect((await alpha.peer.send({ type: "list-games" })).games).toEqual([]);
    // It fails as long as the reason is there.
    await clock.advanceAsync(RESTART_DELAY_MS);
    await eventuallyPasses(() => expect(restarts().length).toBe(2));
    await rm(link);
    await clock.advanceAsync(RESTART_DELAY_MS);
    await bravo.event("list-games", ({ games }) => games.some(({ id }) => id === "quake"));
    expect(restarts()).toHaveLength(2);
  });

  it("goes on when the games directory is away for a while", async () => {
    const clock = createVirtualClock();
    const { gamesDir } = await party.folders("alpha");
    await makeGame(gamesDir, "quake");
    const alpha = await party.start("alpha", { discovery: null, clock });
    await alpha.event("local-library-changed", ({ games }) => games.length === 1);
    await rename(gamesDir, party.path("unplugged"));
    await eventuallyPasses(async () => {
      await clock.advanceAsync(DIRECTORY_CHECK_MS);
      expect(alpha.peer.snapshot().warnings).toEqual([expect.stringContaining(gamesDir)]);
    });
    expect(alpha.peer.snapshot().games).toEqual([]);
    await rename(party.path("unplugged"), gamesDir);
    await eventuallyPasses(async () => {
      await clock.advanceAsync(DIRECTORY_CHECK_MS);
      expect(alpha.peer.snapshot().games.map(({ id }) => id)).toEqual(["quake"]);
    });
    expect(alpha.peer.snapshot().warnings).toEqual([]);
  });
});

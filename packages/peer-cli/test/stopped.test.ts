import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { makeGame } from "./support/games.ts";
import { makePlace, type Place } from "./support/place.ts";
import { type EventLine, startTestHarness, type TestHarness, until } from "./support/test-harness.ts";
import { digestsOf } from "./support/tree.ts";

const MIB = 1_048_576;
/** Long enough on any machine to be stopped in the middle. */
const FILES = { "data/large.pak": 480 * MIB, "data/small.pak": 3 * MIB + 5 };
const TOTAL_BYTES = 483 * MIB + 5 + "20240101\n".length;

/** How long somebody sleeps, ms: longer than a connection (30 s) and a transfer (30 s) wait without a byte. */
const STOPPED_MS = 40_000;
/** To the end of a download, ms, on a machine that other tests keep busy. */
const END_MS = 90_000;
/** Three tests at a time, each with a sleep, a download, and a second one. */
const TEST_MS = 240_000;

const END_EVENTS = ["download-finished", "download-failed", "download-cancelled", "download-peers-gone"];

/** A party of its own; everything in it is woken and ended with it. */
class Party implements AsyncDisposable {
  readonly #place: Place;
  readonly #running: TestHarness[] = [];

  private constructor(place: Place) {
    this.#place = place;
  }

  static async create(): Promise<Party> {
    return new Party(await makePlace());
  }

  games(name: string): string {
    return join(this.#place.root, name, "games", "quake3");
  }

  async source(name: string): Promise<TestHarness> {
    const { games } = await this.#place.peer(name);
    await makeGame(games, "quake3", { files: FILES });
    const source = await this.start(name);
    await until("the digests of the source", async () => {
      const answer = await source.ask({ cmd: "get-game", game_id: "quake3" });
      return answer.type === "result" && JSON.stringify(answer.data).includes('"content_id":"');
    });
    return source;
  }

  async start(name: string): Promise<TestHarness> {
    const { args } = await this.#place.peer(name);
    const harness = startTestHarness(args);
    this.#running.push(harness);
    await harness.event("local-peer-ready");
    return harness;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { child } of this.#running) child.kill("SIGCONT");
    await Promise.all(this.#running.map((harness) => harness.close()));
    await this.#place[Symbol.asyncDispose]();
  }
}

function done(receiver: TestHarness): number {
  return Number(receiver.events("download-progress").at(-1)?.data["done_bytes"] ?? 0);
}

/** Starts the download from so many sources. */
async function download(receiver: TestHarness, sources: number): Promise<void> {
  await until(
    `${sources} who offer the game`,
    async () => {
      const answer = await receiver.ask({ cmd: "list-games" });
      const games = answer.type === "result" ? (answer.data["games"] as { peer_count: number }[]) : [];
      return games[0]?.peer_count === sources;
    },
    END_MS,
  );
  await receiver.ask({ cmd: "download", game_id: "quake3", install: false });
}

function midDownload(receiver: TestHarness): Promise<unknown> {
  return until("a part of the download", () => done(receiver) > TOTAL_BYTES / 10, END_MS);
}

/** The n-th end of a download. */
function ended(receiver: TestHarness, n = 0): Promise<EventLine> {
  return until(
    "the end of the download",
    () => END_EVENTS.flatMap((name) => receiver.events(name)).sort((a, b) => a.time - b.time)[n],
    END_MS,
  );
}

describe.concurrent("in the middle of a download", () => {
  it("a receiver that is stopped for 40 s goes on, and nobody is blamed", { timeout: TEST_MS }, async () => {
    await using party = await Party.create();
    await Promise.all([party.source("one"), party.source("two")]);
    const receiver = await party.start("receiver");
    await download(receiver, 2);
    await midDownload(receiver);
    receiver.child.kill("SIGSTOP");
    await delay(STOPPED_MS);
    expect(done(receiver)).toBeLessThan(TOTAL_BYTES);
    receiver.child.kill("SIGCONT");
    const end = await ended(receiver);
    expect(end.event, JSON.stringify(end.data)).toBe("download-finished");
    expect(end.data["struck_out"]).toBeUndefined();
    expect(await digestsOf(party.games("receiver"))).toEqual(await digestsOf(party.games("one")));
  });

  it("a source that is stopped is done without, where there is another one", {
    timeout: TEST_MS,
  }, async () => {
    await using party = await Party.create();
    const [one] = await Promise.all([party.source("one"), party.source("two")]);
    const receiver = await party.start("receiver");
    await download(receiver, 2);
    await midDownload(receiver);
    one.child.kill("SIGSTOP");
    const end = await ended(receiver);
    expect(end.event, JSON.stringify(end.data)).toBe("download-finished");
    expect(end.data["struck_out"]).toBeUndefined();
    expect(await digestsOf(party.games("receiver"))).toEqual(await digestsOf(party.games("two")));
  });

  it("the only source that is stopped for 40 s is given up with a word, and goes on where it was", {
    timeout: TEST_MS,
  }, async () => {
    await using party = await Party.create();
    const source = await party.source("one");
    const receiver = await party.start("receiver");
    await download(receiver, 1);
    await midDownload(receiver);
    source.child.kill("SIGSTOP");
    await delay(STOPPED_MS);
    source.child.kill("SIGCONT");
    const first = await ended(receiver);
    expect(first.event, JSON.stringify(first.data)).toBe("download-peers-gone");
    expect(String(first.data["message"])).toMatch(/source of quake3/);
    expect(await readdir(party.games("receiver"))).not.toContain("version.ini");
    const before = done(receiver);
    await download(receiver, 1);
    const second = await ended(receiver, 1);
    expect(second.event, JSON.stringify(second.data)).toBe("download-finished");
    const sources = Object.values(second.data["sources"] as Record<string, number>);
    const fetched = sources.reduce((sum, each) => sum + each, 0);
    // Nothing that was there is fetched again, but for `version.ini`, which is not on the disk before the end.
    expect(fetched).toBeLessThanOrEqual(TOTAL_BYTES - before + "20240101\n".length);
    expect(await digestsOf(party.games("receiver"))).toEqual(await digestsOf(party.games("one")));
  });
});

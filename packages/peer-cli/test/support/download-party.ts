import { join } from "node:path";
import { type GameContent, makeGame } from "./games.ts";
import { makePlace, type Place } from "./place.ts";
import { signalsItself, untilStopped } from "./signals-itself.ts";
import { type EventLine, startTestHarness, type TestHarness, until } from "./test-harness.ts";

const MIB = 1_048_576;
export const FILES = { "data/large.pak": 256 * MIB, "data/small.pak": 3 * MIB + 5 };
export const SENTINEL_BYTES = "20240101\n".length;
export const TOTAL_BYTES = 259 * MIB + 5 + SENTINEL_BYTES;

/** To the end of a download, ms, on a machine that other tests keep busy. */
const END_MS = 240_000;

const END_EVENTS = ["download-finished", "download-failed", "download-cancelled", "download-peers-gone"];

/** A party of its own, for tests that run at the same time; everything in it is woken and ended with it. */
export class DownloadParty implements AsyncDisposable {
  readonly #place: Place;
  readonly #running: TestHarness[] = [];

  private constructor(place: Place) {
    this.#place = place;
  }

  static async create(): Promise<DownloadParty> {
    return new DownloadParty(await makePlace());
  }

  /** The folder of the game at a peer. */
  root(name: string): string {
    return join(this.#place.root, name, "games", "quake3");
  }

  /** Starts a peer that has the game and knows its digests. */
  async source(name: string, content: GameContent = { files: FILES }): Promise<TestHarness> {
    const { games } = await this.#place.peer(name);
    await makeGame(games, "quake3", content);
    const source = await this.start(name);
    await knows(source, '"content_id":"');
    return source;
  }

  async start(name: string, ...extra: string[]): Promise<TestHarness> {
    const { args } = await this.#place.peer(name);
    return await this.#run([...args, ...extra], []);
  }

  /** Starts one that stops when a tenth of its first download has come: {@link midDownload}, and then {@link goOn}. */
  async receiver(totalBytes = TOTAL_BYTES, ...extra: string[]): Promise<TestHarness> {
    const own = {
      signal: "SIGSTOP",
      event: "download-chunk-finished",
      field: "length",
      isSum: true,
    } as const;
    const { args } = await this.#place.peer("receiver");
    return await this.#run([...args, ...extra], signalsItself({ ...own, above: totalBytes / 10 }));
  }

  async #run(args: readonly string[], nodeArgs: readonly string[]): Promise<TestHarness> {
    const harness = startTestHarness(args, { nodeArgs });
    this.#running.push(harness);
    await harness.event("local-peer-ready", END_MS);
    return harness;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { child } of this.#running) child.kill("SIGCONT");
    await Promise.all(this.#running.map((harness) => harness.close()));
    await this.#place[Symbol.asyncDispose]();
  }
}

/** Waits until what a source says of its game has this in it. */
function knows(source: TestHarness, text: string): Promise<unknown> {
  return until(
    `${text} in the game of the source`,
    async () => {
      const answer = await source.ask({ cmd: "get-game", game_id: "quake3" });
      return answer.type === "result" && JSON.stringify(answer.data).includes(text);
    },
    END_MS,
  );
}

/** Bytes of the last download that the receiver has, verified. */
export function done(receiver: TestHarness): number {
  return Number(receiver.events("download-progress").at(-1)?.data["done_bytes"] ?? 0);
}

/** Bytes of the pieces that the receiver fetched, in all of its downloads so far. */
function arrived(receiver: TestHarness): number {
  return receiver
    .events("download-chunk-finished")
    .reduce((sum, { data }) => sum + Number(data["length"]), 0);
}

/** Bytes that a finished download fetched. */
export function fetched(end: EventLine): number {
  return Object.values(end.data["sources"] as Record<string, number>).reduce((sum, each) => sum + each, 0);
}

/** Starts the download as soon as so many offer the game. */
export async function download(
  receiver: TestHarness,
  sources: number,
  options: { readonly latest?: boolean } = {},
): Promise<void> {
  await until(
    `${sources} who offer the game`,
    async () => {
      const answer = await receiver.ask({ cmd: "list-games" });
      const games = answer.type === "result" ? (answer.data["games"] as { peer_count: number }[]) : [];
      return games[0]?.peer_count === sources;
    },
    END_MS,
  );
  await receiver.ask({ cmd: "download", game_id: "quake3", install: false, ...options });
}

/** Waits until a tenth of the download at hand has come, and the receiver has stopped: whatever is done now is done in the middle. */
export async function midDownload(receiver: TestHarness, totalBytes = TOTAL_BYTES): Promise<void> {
  await until("a part of the download", () => arrived(receiver) > totalBytes / 10, END_MS);
  await untilStopped(receiver);
}

/** Behind {@link midDownload}. */
export function goOn(receiver: TestHarness): void {
  if (process.platform !== "win32") receiver.child.kill("SIGCONT");
}

/** The end of the receiver's n-th download, counted from 0; waits for it. */
export function ended(receiver: TestHarness, n = 0): Promise<EventLine> {
  const ends = (): EventLine[] =>
    receiver
      .lines()
      .filter((line): line is EventLine => line.type === "event" && END_EVENTS.includes(line.event));
  return until("the end of the download", () => ends()[n], END_MS);
}

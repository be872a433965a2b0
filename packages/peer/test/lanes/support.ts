import { randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, readlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Worker } from "node:worker_threads";
import { asGameId, type GameId } from "@lanspread/proto";
import { createLogger, type LogEntry, type PeerOptions } from "../../src/index.ts";
import type { FromLane } from "../../src/lanes/messages.ts";
import { type Member, offered, type Party } from "../runtime/party.ts";

export const MIB = 1024 * 1024;
export const GAME = asGameId("quake");

/** What a peer says that asks a source over the control connection for a while. */
export const UNUSABLE = "a lane of a source cannot be used: it is asked over the control connection";

/** A thread of a lane, with everything that it has told. */
export interface WatchedThread {
  readonly worker: Worker;
  readonly told: FromLane[];
  isOver: boolean;
}

/** Threads that were started while somebody watched, in their order. */
export interface ThreadWatch extends Disposable {
  readonly threads: readonly WatchedThread[];
  /** Called with what a thread tells, at the moment when its main thread hears of it. */
  onTold: (thread: WatchedThread, message: FromLane) => void;
}

export function watchThreads(): ThreadWatch {
  const threads: WatchedThread[] = [];
  const seen = (worker: Worker): void => {
    // Hashing has threads, too.
    if (!worker.threadName?.startsWith("lanspread-lane-")) return;
    const thread: WatchedThread = { worker, told: [], isOver: false };
    threads.push(thread);
    worker.on("message", (message: FromLane) => {
      thread.told.push(message);
      watch.onTold(thread, message);
    });
    worker.on("exit", () => {
      thread.isOver = true;
    });
  };
  const watch: ThreadWatch = {
    threads,
    onTold: () => {},
    [Symbol.dispose]: () => process.off("worker", seen),
  };
  process.on("worker", seen);
  return watch;
}

/** A peer, the threads that it began with, and its log. */
export interface LaneMember extends Member {
  readonly threads: readonly WatchedThread[];
  readonly log: LogEntry[];
}

export async function startWithLanes(
  party: Party,
  watch: ThreadWatch,
  name: string,
  options: Partial<PeerOptions> = {},
): Promise<LaneMember> {
  const before = watch.threads.length;
  const log: LogEntry[] = [];
  const logger = createLogger({ level: "debug", sink: (entry) => log.push(entry) });
  const member = await party.start(name, { lanes: 2, discovery: null, logger, ...options });
  return { ...member, threads: watch.threads.slice(before), log };
}

/** Content of a game by path. What no content is given for is random. */
export interface LargeGame {
  readonly version?: string;
  readonly sizes: Readonly<Record<string, number>>;
}

export const LARGE: LargeGame = { sizes: { "data/world.dat": 24 * MIB + 12_345, "data/small.dat": 70_001 } };

export async function makeLargeGame(gamesDir: string, game: LargeGame = LARGE): Promise<GameId> {
  const { version = "20240101", sizes } = game;
  const root = join(gamesDir, GAME);
  await mkdir(join(root, "data"), { recursive: true });
  for (const [path, size] of Object.entries(sizes)) await writeFile(join(root, path), randomBytes(size));
  await writeFile(join(root, "version.ini"), `${version}\n`);
  return GAME;
}

/** Whether both have the same files of a game. */
export async function haveTheSame(a: Member, b: Member, game: LargeGame = LARGE): Promise<boolean> {
  for (const path of [...Object.keys(game.sizes), "version.ini"]) {
    const [one, other] = await Promise.all(
      [a, b].map(({ gamesDir }) => readFile(join(gamesDir, GAME, path))),
    );
    if (one === undefined || other === undefined || !one.equals(other)) return false;
  }
  return true;
}

/** Two peers with lanes; the first one has the game, and the other one knows it with its digests. */
export async function sourceAndReceiver(
  party: Party,
  watch: ThreadWatch,
  options: { readonly source?: Partial<PeerOptions>; readonly receiver?: Partial<PeerOptions> } = {},
): Promise<{ readonly source: LaneMember; readonly receiver: LaneMember }> {
  await makeLargeGame((await party.folders("source")).gamesDir);
  const source = await startWithLanes(party, watch, "source", options.source);
  const receiver = await startWithLanes(party, watch, "receiver", options.receiver);
  await receiver.peer.send({ type: "connect", addr: source.peer.addr });
  await offered(receiver, GAME);
  return { source, receiver };
}

export async function download({ peer }: Pick<Member, "peer">): Promise<void> {
  await peer.send({ type: "download-game-files", gameId: GAME, install: false });
}

/** Pieces that the threads' fetches brought. */
export function piecesOf(threads: readonly WatchedThread[]): number {
  return threads.reduce((sum, { told }) => sum + told.filter(({ type }) => type === "piece").length, 0);
}

/** Most answers that a thread told to have under way at one moment. */
export function mostOutbound({ told }: WatchedThread): number {
  const counts = told.map((message) => (message.type === "outbound" ? (message.counts[GAME] ?? 0) : 0));
  return Math.max(0, ...counts);
}

/** Paths of the files below a directory that this process holds open. */
export async function openFilesBelow(directory: string): Promise<string[]> {
  const links = await Promise.all(
    (await readdir("/proc/self/fd")).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => "")),
  );
  return links.filter((path) => path.startsWith(`${directory}/`));
}

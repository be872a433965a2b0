import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { readdirSync, readlinkSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Worker } from "node:worker_threads";
import { ALPN, asGameId, type GameId, type Hello, type PeerId } from "@lanspread/proto";
import { type Connection, createEndpoint, type DatagramSocket } from "@lanspread/quic";
import { eventually, type TemporaryDirectory } from "@lanspread/testkit";
import { expect } from "vitest";
import { loadPartyCa, peerIdFromCertificate } from "../../src/identity/index.ts";
import { createLogger, type LogEntry, type PeerOptions } from "../../src/index.ts";
import { FIRST_DATAGRAM_BYTES } from "../../src/lanes/constants.ts";
import { LanePool, type LanePoolOptions } from "../../src/lanes/index.ts";
import { type Packed, unpack } from "../../src/lanes/mailbox.ts";
import type { FromLane } from "../../src/lanes/messages.ts";
import {
  createSource,
  createSourceGame,
  type Files,
  GGOO,
  type SourceGame,
  type TestSource,
} from "../download/support.ts";
import { type RawPeer, startRawPeer } from "../peers/raw-peer.ts";
import { makeIdentity } from "../peers/support.ts";
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
    worker.on("message", (packed: Packed<FromLane>) => {
      const messages = unpack(packed);
      for (const message of messages) {
        thread.told.push(message);
        watch.onTold(thread, message);
      }
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

/** Somebody of the party whom nobody but the test drives. */
export async function startAsker(): Promise<RawPeer> {
  return startRawPeer({ identity: await makeIdentity(await loadPartyCa(undefined)) });
}

/** Says hello to a peer on a control connection, which is returned. */
export async function sayHello(
  asker: RawPeer,
  member: LaneMember,
  changes: Partial<Hello> = {},
): Promise<Connection> {
  const { connection, channel } = await asker.dial(portOf(member));
  const { party } = member.peer.snapshot().status;
  const { type: _, ...hello } = { ...asker.hello({ party }), ...changes };
  const answer = await channel.request({ type: "hello", ...hello });
  if (answer.type !== "hello_ack") throw new Error(`the hello was answered with ${answer.type}`);
  return connection;
}

export function portOf({ peer }: Pick<Member, "peer">): number {
  return Number(peer.addr.split(":").at(-1));
}

/** A connection to the first lane of a peer. */
export async function dialLane(asker: RawPeer, { peer }: LaneMember): ReturnType<RawPeer["dial"]> {
  return asker.dial(peer.snapshot().status.lanes[0] ?? 0);
}

export async function startWithLanes(
  party: Party,
  watch: ThreadWatch,
  name: string,
  { lanes = 2, ...options }: Partial<PeerOptions> = {},
): Promise<LaneMember> {
  const before = watch.threads.length;
  const log: LogEntry[] = [];
  const logger = createLogger({ level: "debug", sink: (entry) => log.push(entry) });
  const member = await party.start(name, { lanes, discovery: null, logger, ...options });
  await knock(member.peer.snapshot().status.lanes);
  const threads = await eventually(() => {
    const started = watch.threads.slice(before);
    return started.length === lanes && started.every(isUpOrOver) && started;
  });
  return { ...member, threads, log };
}

/** Begins what looks like a connection with each lane: their threads are started then. */
export async function knock(ports: readonly number[]): Promise<void> {
  const socket = createSocket("udp4");
  for (const port of ports) {
    await new Promise((sent) => {
      socket.send(Buffer.alloc(FIRST_DATAGRAM_BYTES, 0xff), port, "127.0.0.1", sent);
    });
  }
  socket.close();
}

export function isUpOrOver({ told, isOver }: WatchedThread): boolean {
  return isOver || told.some(({ type }) => type === "ready");
}

/** A pool whose threads listen. */
export async function startPool(options: LanePoolOptions): Promise<LanePool> {
  const pool = await LanePool.open(options);
  await pool.wake();
  return pool;
}

/** Files of a game with random content: their sizes by path, bytes. */
export interface LargeGame {
  readonly version?: string;
  readonly sizes: Readonly<Record<string, number>>;
}

export const LARGE: LargeGame = { sizes: { "data/world.dat": 24 * MIB + 12_345, "data/small.dat": 70_001 } };

export async function makeLargeGame(
  gamesDir: string,
  game: LargeGame = LARGE,
  gameId: GameId = GAME,
): Promise<GameId> {
  const { version = "20240101", sizes } = game;
  const root = join(gamesDir, gameId);
  await mkdir(join(root, "data"), { recursive: true });
  for (const [path, size] of Object.entries(sizes)) await writeFile(join(root, path), randomBytes(size));
  await writeFile(join(root, "version.ini"), `${version}\n`);
  return gameId;
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

/** A game of one unit beside its sentinel. */
const FIRST = asGameId("first");

export async function makeFirstGame(gamesDir: string): Promise<void> {
  await makeLargeGame(gamesDir, { sizes: { "data/small.dat": 70_001 } }, FIRST);
}

/**
 * Downloads {@link makeFirstGame} from who has it. That shows that the lanes there can be reached, and everything else comes through them.
 * Else the first unit of a large game would show it, and on a busy machine all others may have come over the control connection by then.
 *
 * @param threads of the receiver: what they have told is forgotten
 */
export async function reachLanes(
  { peer }: Pick<Member, "peer">,
  threads: readonly WatchedThread[],
): Promise<void> {
  await offered({ peer }, FIRST);
  const ended = Promise.withResolvers<string>();
  const leave = peer.onEvent(({ type }) => {
    if (type.startsWith("download-f")) ended.resolve(type);
  });
  await download({ peer }, FIRST);
  expect(await ended.promise).toBe("download-finished");
  leave();
  expect(piecesOf(threads)).toBe(1);
  for (const { told } of threads) told.length = 0;
}

/**
 * Two peers with lanes; the first one has the game, and the other one knows it with its digests, and that the lanes of the first one can
 * be reached where it has some.
 */
export async function sourceAndReceiver(
  party: Party,
  watch: ThreadWatch,
  options: { readonly source?: Partial<PeerOptions>; readonly receiver?: Partial<PeerOptions> } = {},
): Promise<{ readonly source: LaneMember; readonly receiver: LaneMember }> {
  const { gamesDir } = await party.folders("source");
  await makeLargeGame(gamesDir);
  await makeFirstGame(gamesDir);
  const source = await startWithLanes(party, watch, "source", options.source);
  const receiver = await startWithLanes(party, watch, "receiver", options.receiver);
  await receiver.peer.send({ type: "connect", addr: source.peer.addr });
  await offered(receiver, GAME);
  if (source.threads.length > 0) await reachLanes(receiver, receiver.threads);
  receiver.events.length = 0;
  return { source, receiver };
}

export async function download({ peer }: Pick<Member, "peer">, gameId = GAME): Promise<void> {
  await peer.send({ type: "download-game-files", gameId, install: false });
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
export function openFilesBelow(directory: string): string[] {
  const links = readdirSync("/proc/self/fd").map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return ""; // closed meanwhile
    }
  });
  return links.filter((path) => path.startsWith(`${directory}/`));
}

/** A pool for tests that drive it themselves, with whose it is and its log. */
export async function poolOptions(
  changes: Partial<LanePoolOptions> = {},
): Promise<LanePoolOptions & { readonly peerId: PeerId; readonly log: LogEntry[] }> {
  const { peerId, keyPem, certPem, caPem } = await makeIdentity();
  const log: LogEntry[] = [];
  return {
    peerId,
    log,
    count: 1,
    host: "127.0.0.1",
    tls: { key: keyPem, cert: certPem, ca: caPem },
    identify: peerIdFromCertificate,
    viewOf: () => {
      throw new Error("nobody asks");
    },
    lanesOf: () => [],
    onSending: () => {},
    onStale: () => {},
    logger: createLogger({ level: "debug", sink: (entry) => log.push(entry) }),
    ...changes,
  };
}

/** With what somebody of the party begins a connection. */
export async function firstDatagram(): Promise<Uint8Array> {
  const first = Promise.withResolvers<Uint8Array>();
  const socket: DatagramSocket = {
    address: { host: "127.0.0.1", port: 40_001 },
    send: (bytes) => first.resolve(Uint8Array.from(bytes)),
    onMessage: () => {},
    close: async () => {},
  };
  const { tls, host } = await poolOptions();
  await using endpoint = await createEndpoint({ host, port: 0, tls, alpn: ALPN, socket: () => socket });
  const over = new AbortController();
  const dialled = endpoint.dial({ host, port: 40_002 }, { signal: over.signal }).catch(() => {});
  const datagram = await first.promise;
  over.abort();
  await dialled;
  return datagram;
}

/** A game that lanes serve: a pool, and the source that answers what lanes do not. */
export interface ServedGame extends AsyncDisposable {
  readonly pool: LanePool;
  readonly source: TestSource;
  readonly game: SourceGame;
  readonly gamesDir: string;
}

export async function serveGame(dir: TemporaryDirectory, files: Files): Promise<ServedGame> {
  const gamesDir = dir.join("served");
  const game = await createSourceGame(join(gamesDir, GGOO), files);
  const { manifest } = game;
  const view = { inCatalog: true, catalogVersion: undefined, operationActive: false, gamesDir };
  const options = await poolOptions({ viewOf: () => ({ ...view, version: manifest.version, manifest }) });
  const pool = await startPool(options);
  const source = createSource(options.peerId, game);
  return { pool, source, game, gamesDir, [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose]() };
}

/** Lanes that fetch from the lanes of others. */
export async function fetchingPool(ports: () => readonly number[], count = 2): Promise<LanePool> {
  const lanesOf = () => ports().map((port) => ({ host: "127.0.0.1", port }));
  return startPool(await poolOptions({ count, lanesOf }));
}

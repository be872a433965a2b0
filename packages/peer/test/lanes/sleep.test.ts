import { createSocket } from "node:dgram";
import { once } from "node:events";
import { eventually } from "@lanspread/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LanePool } from "../../src/lanes/index.ts";
import { contentOf, LARGE_BYTES, type Member, makeGame, offered, Party } from "../runtime/party.ts";
import {
  dialLane,
  download,
  firstDatagram,
  GAME,
  haveTheSame,
  makeLargeGame,
  poolOptions,
  sayHello,
  startAsker,
  startWithLanes,
  type ThreadWatch,
  watchThreads,
} from "./support.ts";

let watch: ThreadWatch;

beforeEach(() => {
  watch = watchThreads();
});

afterEach(() => watch[Symbol.dispose]());

describe("lanes that nobody has needed", () => {
  let party: Party;

  beforeEach(async () => {
    party = await Party.make();
  });

  afterEach(() => party[Symbol.asyncDispose]());

  const start = (name: string): Promise<Member> => party.start(name, { lanes: 2, discovery: null });

  async function startPair(): Promise<readonly [source: Member, receiver: Member]> {
    const source = await start("source");
    const receiver = await start("receiver");
    await receiver.peer.send({ type: "connect", addr: source.peer.addr });
    await offered(receiver, GAME);
    return [source, receiver];
  }

  it("have ports and no threads, until a download begins", async () => {
    await makeLargeGame((await party.folders("source")).gamesDir);
    const [source, receiver] = await startPair();
    const lanes = [source, receiver].map(({ peer }) => peer.snapshot().status.lanes);
    expect(new Set(lanes.flat()).size).toBe(4);
    expect(watch.threads).toEqual([]);
    await download(receiver);
    await receiver.event("download-finished");
    expect(await haveTheSame(source, receiver)).toBe(true);
    await eventually(() => watch.threads.length >= 2 && watch.threads.every(listens), {
      what: "the threads of the receiver, and of the source where they were asked",
    });
    expect([source, receiver].map(({ peer }) => peer.snapshot().status.lanes)).toEqual(lanes);
  });

  it("have threads as soon as those of a receiver ask", async () => {
    await makeLargeGame((await party.folders("source")).gamesDir);
    const source = await start("source");
    const receiver = await startWithLanes(party, watch, "receiver");
    await receiver.peer.send({ type: "connect", addr: source.peer.addr });
    await offered(receiver, GAME);
    expect(watch.threads).toEqual(receiver.threads);
    await download(receiver);
    await receiver.event("download-finished");
    expect(await haveTheSame(source, receiver)).toBe(true);
    await eventually(() => watch.threads.length === 4 && watch.threads.every(listens), {
      what: "the threads of the source",
    });
  });

  it("have no threads after a streamed install either", async () => {
    await makeGame((await party.folders("source")).gamesDir, GAME);
    const [source, receiver] = await startPair();
    await receiver.peer.send({ type: "stream-install-game", gameId: GAME });
    await receiver.event("stream-install-finished");
    const [world] = await contentOf(receiver.gamesDir, GAME, ["local/data/world.dat"]);
    expect(world?.length).toBe(LARGE_BYTES);
    expect(source.peer.snapshot().status.lanes).toHaveLength(2);
    expect(watch.threads).toEqual([]);
  });

  it("answer who connects to one", async () => {
    const source = await start("source");
    await using asker = await startAsker();
    const member = { ...source, threads: [], log: [] };
    await sayHello(asker, member);
    const { channel } = await dialLane(asker, member);
    expect(await channel.request({ type: "list_games" })).toMatchObject({
      type: "error",
      message: "only files are served here",
    });
    expect(watch.threads).toHaveLength(2);
  });
});

describe("a pool that sleeps", () => {
  it("names the same ports before its threads start, while they do, and behind that", async () => {
    await using pool = await LanePool.open(await poolOptions({ count: 2 }));
    const ports = pool.ports();
    expect(ports).toHaveLength(2);
    const awake = pool.wake();
    const seen = new Set([String(pool.ports())]);
    watch.onTold = () => seen.add(String(pool.ports()));
    await awake;
    expect(watch.threads.map(({ told }) => told.map(({ type }) => type))).toEqual([
      ["loaded", "ready"],
      ["loaded", "ready"],
    ]);
    expect([...seen]).toEqual([String(ports)]);
  });

  it("answers the first that comes to a lane, which is not sent again", async () => {
    await using pool = await LanePool.open(await poolOptions({ count: 1 }));
    const first = await firstDatagram();
    const client = createSocket("udp4");
    const answered = once(client, "message");
    client.send(first, pool.ports()[0] ?? 0, "127.0.0.1");
    try {
      const [answer] = await answered;
      expect(answer.length).toBeGreaterThan(0);
    } finally {
      client.close();
    }
  });

  it("hears what it is told while its threads start", async () => {
    await using pool = await LanePool.open(await poolOptions({ count: 2 }));
    const awake = pool.wake();
    await Promise.all([pool.revoke(GAME), pool.revokeAll()]);
    await awake;
    expect(pool.ports()).toHaveLength(2);
  });

  it.each([
    ["asleep", () => {}],
    ["starting", (pool: LanePool) => void pool.wake()],
  ])("gives its ports back when it ends while it is %s", async (_, begin) => {
    const options = await poolOptions({ count: 2 });
    const pool = await LanePool.open(options);
    const ports = pool.ports();
    begin(pool);
    await pool[Symbol.asyncDispose]();
    await pool.wake();
    expect(options.log).toEqual([]);
    for (const port of ports) {
      const socket = createSocket("udp4");
      socket.bind({ port, address: "127.0.0.1", exclusive: true });
      await once(socket, "listening");
      socket.close();
    }
    expect(watch.threads.every(({ isOver }) => isOver)).toBe(true);
  });
});

function listens({ told }: ThreadWatch["threads"][number]): boolean {
  return told.some(({ type }) => type === "ready");
}

import { createSocket } from "node:dgram";
import { once } from "node:events";
import { eventually, eventuallyPasses } from "@lanspread/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { offered, Party } from "../runtime/party.ts";
import {
  download,
  GAME,
  haveTheSame,
  openFilesBelow,
  piecesOf,
  poolOptions,
  sourceAndReceiver,
  startPool,
  startWithLanes,
  type ThreadWatch,
  UNUSABLE,
  type WatchedThread,
  watchThreads,
} from "./support.ts";

let watch: ThreadWatch;

beforeEach(() => {
  watch = watchThreads();
});

afterEach(() => watch[Symbol.dispose]());

/** What nobody sends to a lane, and no lane survives. */
const POISON = { type: "fetch", order: null };

/** Ways in which a thread ends that nobody asked to. */
const DEATHS: readonly (readonly [string, (thread: WatchedThread) => void])[] = [
  ["is ended from outside", ({ worker }) => void worker.terminate()],
  ["has an error that nobody catches", ({ worker }) => worker.postMessage([POISON])],
];

describe("a lane that dies in mid-transfer", () => {
  let party: Party;

  beforeEach(async () => {
    party = await Party.make();
  });

  afterEach(() => party[Symbol.asyncDispose]());

  it.each(DEATHS)(
    "at the receiver costs nothing but its units, and comes back on its port: it %s",
    async (_, kill) => {
      const { source, receiver } = await sourceAndReceiver(party, watch);
      const ports = receiver.peer.snapshot().status.lanes;
      let dead: WatchedThread | undefined;
      watch.onTold = (thread, { type }) => {
        if (type !== "piece" || dead !== undefined || !receiver.threads.includes(thread)) return;
        dead = thread;
        kill(thread);
      };
      await download(receiver);
      const { sources, struckOut } = await receiver.event("download-finished");
      // It may be over behind the units of the other one.
      await eventually(() => dead?.isOver, { what: "the end of the thread" });
      expect(await haveTheSame(source, receiver)).toBe(true);
      expect(Object.keys(sources)).toEqual([source.peer.peerId]);
      expect(struckOut).toBeUndefined();
      expect(receiver.log.filter(({ message }) => message === "a source failed")).toEqual([]);
      await eventually(() => String(receiver.peer.snapshot().status.lanes) === String(ports), {
        what: "the lane on its port",
      });
      // Those that its library looks at are open for a moment.
      await eventuallyPasses(() => expect(openFilesBelow(receiver.gamesDir)).toEqual([]));
    },
  );

  it("at the source takes its answers with it: the receiver asks in another way, and the lane serves again later", async () => {
    const { source, receiver } = await sourceAndReceiver(party, watch);
    const ports = source.peer.snapshot().status.lanes;
    const dead = new Set<WatchedThread>();
    watch.onTold = (thread, { type }) => {
      if (type !== "piece" || dead.size > 0 || !receiver.threads.includes(thread)) return;
      for (const each of source.threads) {
        dead.add(each);
        void each.worker.terminate();
      }
    };
    await download(receiver);
    const { sources, struckOut } = await receiver.event("download-finished");
    expect(dead.size).toBe(2);
    expect(receiver.log.map(({ message }) => message)).toContain(UNUSABLE);
    expect(await haveTheSame(source, receiver)).toBe(true);
    expect(Object.keys(sources)).toEqual([source.peer.peerId]);
    expect(struckOut).toBeUndefined();
    await eventually(() => Object.keys(source.peer.snapshot().status.outboundTransfers).length === 0, {
      what: "nothing going out",
    });
    await eventually(() => String(source.peer.snapshot().status.lanes) === String(ports), {
      what: "the lanes on their ports",
    });

    const third = await startWithLanes(party, watch, "third");
    await third.peer.send({ type: "connect", addr: source.peer.addr });
    await offered(third, GAME);
    await download(third);
    await third.event("download-finished");
    expect(await haveTheSame(source, third)).toBe(true);
    expect(piecesOf(third.threads)).toBeGreaterThan(0);
  });
});

it("a peer whose threads cannot have QUIC runs without lanes, says why, and does not try for ever", async () => {
  await using party = await Party.make();
  await party.folders("source");
  const before = process.env["TMPDIR"];
  // No directory at all: no copy of the library can be made there.
  process.env["TMPDIR"] = process.execPath;
  try {
    const { peer, log, threads } = await startWithLanes(party, watch, "source");
    expect(peer.snapshot().status.lanes).toEqual([]);
    await eventually(() => threads.every(({ isOver }) => isOver), { what: "the ends of the threads" });
    const warnings = await eventually(() => {
      const found = log.filter(({ level }) => level === "warn");
      return found.length === 2 && found;
    });
    for (const { message, fields } of warnings) {
      expect(message).toBe("this peer has one lane less");
      expect(String(fields["error"])).toMatch(/^a thread cannot use QUIC: .*TMPDIR/u);
    }
  } finally {
    if (before === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = before;
  }
});

describe("a pool", () => {
  it("gives a lane another port where somebody took its own meanwhile", async () => {
    await using pool = await startPool(await poolOptions());
    const [port] = pool.ports();
    await watch.threads[0]?.worker.terminate();
    await eventually(() => pool.ports().length === 0);
    const squatter = createSocket("udp4");
    squatter.bind(port, "127.0.0.1");
    await once(squatter, "listening");
    try {
      const [another] = await eventually(() => pool.ports().length === 1 && pool.ports(), {
        what: "another port",
      });
      expect(another).not.toBe(port);
    } finally {
      squatter.close();
    }
  });

  it("is there without the lanes that cannot listen, answers what is asked of it, and ends", async () => {
    // TEST-NET-1, RFC 5737: no address of this machine.
    const options = await poolOptions({ host: "192.0.2.1", count: 2 });
    await using pool = await startPool(options);
    expect(pool.ports()).toEqual([]);
    expect(pool.counts()).toEqual({});
    await pool.revoke(GAME);
    await pool.revokeAll();
    await using download = pool.open("/nowhere");
    expect(download).toBeDefined();
    const warnings = options.log.filter(({ level }) => level === "warn");
    expect(new Set(warnings.map(({ message }) => message))).toEqual(
      new Set(["no port could be had for a lane beforehand", "a lane failed: it is started again"]),
    );
  });

  it("resolves what is waited for when the thread dies that should have answered", async () => {
    await using pool = await startPool(await poolOptions());
    const { worker } = watch.threads[0] ?? {};
    worker?.postMessage(POISON);
    await Promise.all([pool.revoke(GAME), pool.revokeAll(), pool.open("/nowhere")[Symbol.asyncDispose]()]);
    expect(pool.ports()).toEqual([]);
  });

  it("ends while a lane is being started again, and leaves no thread", async () => {
    {
      await using pool = await startPool(await poolOptions({ count: 2 }));
      watch.threads[0]?.worker.postMessage(POISON);
      await eventually(() => pool.ports().length === 1);
    }
    expect(watch.threads).toHaveLength(2);
    expect(watch.threads.every(({ isOver }) => isOver)).toBe(true);
  });
});

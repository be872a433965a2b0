import { execFile } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { promisify } from "node:util";
import type { Worker } from "node:worker_threads";
import { eventually, smallDisk, smallDiskUnavailable } from "@lanspread/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { LaneUnit } from "../../src/download/index.ts";
import { LanePool } from "../../src/lanes/index.ts";
import { createRig, createSource, hasWholeGame, MIB, peer, VERSION } from "../download/support.ts";
import { startRawPeer } from "../peers/raw-peer.ts";
import {
  firstDatagram,
  GAME,
  poolOptions,
  type ThreadWatch,
  type WatchedThread,
  watchThreads,
} from "./support.ts";

const run = promisify(execFile);

let watch: ThreadWatch;
/** What is done to the first thread when it begins. */
let onFirst: (worker: Worker) => void;

function onWorker(worker: Worker): void {
  const first = onFirst;
  onFirst = () => {};
  first(worker);
}

beforeEach(() => {
  watch = watchThreads();
  onFirst = () => {};
  process.on("worker", onWorker);
});

afterEach(() => {
  process.off("worker", onWorker);
  watch[Symbol.dispose]();
});

function isUp({ told }: WatchedThread): boolean {
  return told.some(({ type }) => type === "ready");
}

const second = (): Promise<unknown> =>
  eventually(() => watch.threads.length === 2 && watch.threads.slice(1).every(isUp), {
    what: "a second thread",
  });

describe("a lane whose first thread dies before it listens", () => {
  it.each([
    ["as soon as it begins", "begins"],
    ["while its port is being freed for it", "loaded"],
  ])("%s comes back on the port that others know", async (_, moment) => {
    await using pool = await LanePool.open(await poolOptions());
    const ports = pool.ports();
    if (moment === "begins") onFirst = (worker) => void worker.terminate();
    watch.onTold = ({ worker }, { type }) => {
      if (type === moment && watch.threads.length === 1) void worker.terminate();
    };
    await pool.wake();
    await second();
    expect(watch.threads.map(({ isOver }) => isOver)).toEqual([true, false]);
    expect(pool.ports()).toEqual(ports);
  });

  it("has its port kept meanwhile, with what has come to it", async () => {
    await using pool = await LanePool.open(await poolOptions());
    const ports = pool.ports();
    onFirst = (worker) => void worker.terminate();
    const client = createSocket("udp4");
    const answered = once(client, "message");
    client.send(await firstDatagram(), ports[0] ?? 0, "127.0.0.1");
    try {
      await eventually(() => watch.threads[0]?.isOver);
      expect(pool.ports()).toEqual(ports);
      await answered;
    } finally {
      client.close();
    }
  });

  it("since somebody has taken its port in the free moment gets another one", async () => {
    await using pool = await LanePool.open(await poolOptions());
    const [port = 0] = pool.ports();
    const squatter = createSocket("udp4");
    const squatted = once(squatter, "listening");
    watch.onTold = (_, { type }) => {
      if (type !== "loaded" || watch.threads.length > 1) return;
      queueMicrotask(() => squatter.bind(port, "127.0.0.1"));
    };
    await pool.wake();
    await squatted;
    try {
      expect(pool.ports()).toEqual([]);
      await second();
      expect(pool.ports()).toHaveLength(1);
      expect(pool.ports()).not.toEqual([port]);
    } finally {
      squatter.close();
    }
  });
});

describe("threads that never come up", () => {
  let stuck: AsyncDisposableStack;
  let pool: LanePool;

  beforeEach(async () => {
    stuck = new AsyncDisposableStack();
    const source = stuck.use(await startRawPeer());
    // They hear nothing.
    const deafen = (worker: Worker): void => {
      worker.postMessage = () => {};
    };
    process.on("worker", deafen);
    stuck.defer(() => void process.off("worker", deafen));
    const lanesOf = () => [{ host: "127.0.0.1", port: source.endpoint.address.port }];
    pool = stuck.use(await LanePool.open(await poolOptions({ count: 2, lanesOf })));
  });

  afterEach(() => stuck.disposeAsync());

  it("hold up nobody who revokes a game, or ends", async () => {
    void pool.wake();
    await eventually(() => watch.threads.length === 2);
    await Promise.all([pool.revoke(GAME), pool.revokeAll(), pool.open("/nowhere")[Symbol.asyncDispose]()]);
  });

  it("hold up nobody who cancels what they are to fetch", async () => {
    await using lanes = pool.open("/nowhere");
    const controller = new AbortController();
    const reason = new Error("cancelled");
    const unit = { peerId: peer(1), signal: controller.signal } as LaneUnit;
    const fetching = lanes.fetch(unit);
    controller.abort(reason);
    await expect(fetching).rejects.toBe(reason);
  });

  it("are not waited for by a download for ever: it goes on over the control connection", async () => {
    await using rig = await createRig();
    const game = await rig.game({ "version.ini": VERSION, "data/world.dat": Buffer.alloc(3 * MIB, 5) });
    await rig.download(game, [createSource(peer(1), game)], { lanes: pool });
    expect(await hasWholeGame(rig.root, game)).toBe(true);
    expect(watch.threads.map(isUp)).toEqual([false, false]);
  });
});

const noDisk = smallDiskUnavailable();

it.skipIf(noDisk !== undefined)(
  `a lane that finds no room for its library comes on its port when there is room${noDisk === undefined ? "" : ` (skipped: ${noDisk})`}`,
  async () => {
    await using disk = await smallDisk(256 * 1024);
    const before = process.env["TMPDIR"];
    process.env["TMPDIR"] = disk.path;
    try {
      const options = await poolOptions();
      await using pool = await LanePool.open(options);
      const ports = pool.ports();
      await pool.wake();
      expect(options.log.map(({ message }) => message)).toEqual(["a lane failed: it is started again"]);
      expect(String(options.log[0]?.fields["error"])).toMatch(/a thread cannot use QUIC: .*ENOSPC.*TMPDIR/u);
      await run("mount", ["-o", "remount,size=64m", disk.path]);
      await eventually(() => watch.threads.some(isUp), { what: "a lane" });
      expect(pool.ports()).toEqual(ports);
    } finally {
      if (before === undefined) delete process.env["TMPDIR"];
      else process.env["TMPDIR"] = before;
    }
  },
);

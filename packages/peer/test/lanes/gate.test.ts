import { createSocket } from "node:dgram";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { asGameId, encodeFrame, type GameId, RESET, type Request } from "@lanspread/proto";
import { eventually, temporaryDirectory } from "@lanspread/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPartyCa } from "../../src/index.ts";
import type { LanePool, PushedView } from "../../src/lanes/index.ts";
import { type DataAnswer, type RequestChannel, readFully } from "../../src/transfer/index.ts";
import { createSourceGame, GGOO, VERSION } from "../download/support.ts";
import { type RawPeer, startRawPeer } from "../peers/raw-peer.ts";
import { makeIdentity } from "../peers/support.ts";
import { Party } from "../runtime/party.ts";
import {
  dialLane,
  type LaneMember,
  MIB,
  makeLargeGame,
  openFilesBelow,
  poolOptions,
  sayHello,
  startAsker,
  startPool,
  startWithLanes,
  type ThreadWatch,
  watchThreads,
} from "./support.ts";

/** More than fits into the windows of a stream that nobody reads. */
const PART_BYTES = 20 * MIB;
const BIG = "data/world.dat";
const GAMES = ["worked-on", "changed", "updated", "gone", "moved", "asked"].map(asGameId);
const [WORKED_ON, CHANGED, UPDATED, GONE, MOVED, ASKED] = GAMES as [
  GameId,
  GameId,
  GameId,
  GameId,
  GameId,
  GameId,
];

function chunkOf(gameId: GameId, manifestHash: string, length = PART_BYTES): Request {
  const type = "get_game_file_chunk";
  return { type, game_id: gameId, manifest_hash: manifestHash, path: BIG, offset: 0, length } as Request;
}

/** Has an answer on its way that cannot end before its bytes are read. */
async function begin(channel: RequestChannel, request: Request): Promise<DataAnswer> {
  const data = await channel.requestData(request);
  expect(data.answer).toEqual({ type: "file_data", size: PART_BYTES });
  expect(await data.read(Buffer.alloc(1000))).toBeGreaterThan(0);
  return data;
}

describe("a peer's lanes", () => {
  let party: Party;
  let watch: ThreadWatch;
  let source: LaneMember;
  let asker: RawPeer;
  let channel: RequestChannel;

  beforeAll(async () => {
    watch = watchThreads();
    party = await Party.make();
    const { gamesDir } = await party.folders("source");
    for (const gameId of GAMES)
      await makeLargeGame(gamesDir, { sizes: { [BIG]: PART_BYTES, "data/b": 9 } }, gameId);
    source = await startWithLanes(party, watch, "source", { lanes: 1 });
    asker = await startAsker();
    await sayHello(asker, source);
    ({ channel } = await dialLane(asker, source));
    // Hashed as well: what has files open from now on sends them.
    await eventually(() => {
      const { localGames } = source.peer.snapshot();
      return localGames.length === GAMES.length && localGames.every(({ contentId }) => contentId !== null);
    });
  });

  afterAll(async () => {
    await asker[Symbol.asyncDispose]();
    await party[Symbol.asyncDispose]();
    watch[Symbol.dispose]();
  });

  async function hashOf(gameId: GameId): Promise<string> {
    const { manifest } = await source.peer.send({ type: "get-game", gameId });
    return manifest.manifest_hash;
  }

  const outbound = (): object => source.peer.snapshot().status.outboundTransfers;
  const root = (gameId: GameId): string => join(source.gamesDir, gameId);

  const CHANGES: readonly (readonly [string, GameId, string, () => Promise<unknown>])[] = [
    [
      "an operation begins",
      WORKED_ON,
      // It has ended by the time of the next request: there is no archive.
      "file_data",
      async () => {
        await source.peer.send({ type: "install-game", gameId: WORKED_ON });
        await source.event("active-operations-changed", ({ operations }) => operations.length === 0);
      },
    ],
    [
      "another file changes",
      CHANGED,
      "manifest_changed",
      () => writeFile(join(root(CHANGED), "data/b"), "longer than before"),
    ],
    [
      "the version changes",
      UPDATED,
      "manifest_changed",
      // In one step: a look between two of them finds no version, and so no game.
      async () => {
        const next = party.path("version.ini");
        await writeFile(next, "20250101\n");
        await rename(next, join(root(UPDATED), "version.ini"));
      },
    ],
    [
      "the game leaves",
      GONE,
      "not_downloaded",
      () => rename(join(root(GONE), "version.ini"), join(root(GONE), "no.ini")),
    ],
    [
      "another folder is shared",
      MOVED,
      "not_downloaded",
      async () => {
        const path = party.path("elsewhere");
        await mkdir(path, { recursive: true });
        await source.peer.send({ type: "set-game-dir", path });
        // Nothing of the old one is read any more when it is told to be another.
        expect(openFilesBelow(root(MOVED))).toEqual([]);
      },
    ],
  ];

  it("serve who has said hello, ask for what the gate knows once, and count what goes out", async () => {
    const hash = await hashOf(ASKED);
    const asked = (): number =>
      watch.threads
        .flatMap(({ told }) => told)
        .filter((message) => message.type === "ask-view" && message.gameId === ASKED).length;
    const data = await begin(channel, chunkOf(ASKED, hash));
    await eventually(() => JSON.stringify(outbound()) === JSON.stringify({ [ASKED]: 1 }), {
      what: "what is going out",
    });
    expect(await readFully(data, Buffer.alloc(PART_BYTES))).toBeGreaterThan(PART_BYTES - 1001);
    await eventually(() => Object.keys(outbound()).length === 0, { what: "nothing going out" });
    (await begin(channel, chunkOf(ASKED, hash))).cancel();
    await eventually(() => Object.keys(outbound()).length === 0, { what: "nothing going out" });
    expect(asked()).toBe(1);
  });

  it.each<[string, Request]>([
    ["games", { type: "list_games" }],
    ["a manifest", { type: "get_game", game_id: ASKED }],
    ["digests", { type: "get_piece_hashes", game_id: ASKED, manifest_hash: "0".repeat(64) } as Request],
    ["an install", { type: "stream_install", game_id: ASKED, manifest_hash: "0".repeat(64) } as Request],
  ])("serve nothing but files: %s", async (_, request) => {
    if (request.type === "stream_install") {
      await expect(channel.request(request)).rejects.toThrow();
    } else expect(await channel.request(request)).toMatchObject({ type: "error", code: "bad_request" });
    expect(await channel.request({ type: "ping", peer_id: asker.identity.peerId })).toMatchObject({
      type: "error",
    });
    expect(await channel.request(asker.hello())).toMatchObject({ type: "error" });
  });

  it.each<[string, object]>([
    ["a path out of the game", { path: "../version.ini" }],
    ["a path that is none of its files", { path: "data/other" }],
    ["the program's own files", { path: "local/save" }],
    ["more than there is", { offset: PART_BYTES, length: 1 }],
    ["another manifest", { manifest_hash: "0".repeat(64) }],
    ["a game that is not here", { game_id: "none" }],
  ])("refuse %s", async (_, changes) => {
    const request = { ...chunkOf(ASKED, await hashOf(ASKED)), ...changes } as Request;
    expect(await channel.request(request)).toMatchObject({ type: "error" });
    // The gate is asked while the answer counts as one; the lane tells both in its own time.
    await eventually(() => Object.keys(outbound()).length === 0, { what: "nothing going out" });
  });

  it("live on after what is no request, and no packet", async () => {
    const { connection, channel: second } = await dialLane(asker, source);
    const tooLong = await connection.openStream();
    await tooLong.write(Buffer.from([0xff, 0xff, 0xff, 0xff]));
    await expect(tooLong.read(Buffer.alloc(1))).rejects.toMatchObject({ code: RESET.tooLarge });
    for (const bytes of [
      encodeFrame({ type: "nonsense" }),
      Buffer.from([0, 0, 0, 9, 1, 2]),
      Buffer.alloc(4),
    ]) {
      const stream = await connection.openStream();
      await stream.write(bytes);
      stream.finish();
      const answer = Buffer.alloc(10_000);
      expect(answer.subarray(4, await readFully(stream, answer)).toString()).toContain('"bad_request"');
    }
    const socket = createSocket("udp4");
    const [port] = source.peer.snapshot().status.lanes;
    for (const size of [1, 20, 1200, 1472]) socket.send(Buffer.alloc(size, 0xc1), port ?? 0, "127.0.0.1");
    const data = await begin(second, chunkOf(ASKED, await hashOf(ASKED)));
    data.cancel();
    socket.close();
    connection.close();
    await eventually(() => Object.keys(outbound()).length === 0, { what: "nothing going out" });
  });

  it("send nothing to who has not said hello", async () => {
    await using stranger = await startAsker();
    const { connection, channel: theirs } = await dialLane(stranger, source);
    const answer = theirs.request(chunkOf(ASKED, await hashOf(ASKED)));
    await expect(answer).rejects.toThrow();
    expect(await connection.closed).toMatchObject({ code: RESET.refused });
  });

  it("let nobody of another party in", async () => {
    await using foreign = await startRawPeer({ identity: await makeIdentity(await createPartyCa()) });
    await expect(
      dialLane(foreign, source).then(async ({ channel: theirs }) =>
        theirs.request(chunkOf(ASKED, await hashOf(ASKED))),
      ),
    ).rejects.toThrow();
  });

  it("part from who is gone", async () => {
    await using leaving = await startAsker();
    const control = await sayHello(leaving, source);
    const idle = await dialLane(leaving, source);
    const { channel: theirs } = await dialLane(leaving, source);
    await theirs.request({ type: "list_games" });
    await idle.channel.request({ type: "list_games" });
    await begin(theirs, chunkOf(ASKED, await hashOf(ASKED)));
    control.close();
    expect(await idle.connection.closed).toMatchObject({ code: RESET.stalled });
    await eventually(() => Object.keys(outbound()).length === 0, { what: "nothing going out" });
  });

  it.each(CHANGES)("end what is going out when %s", async (_, gameId, next, change) => {
    const request = chunkOf(gameId, await hashOf(gameId));
    const data = await begin(channel, request);
    // The lane tells it in its own time.
    await eventually(() => JSON.stringify(outbound()) === JSON.stringify({ [gameId]: 1 }), {
      what: "what is going out",
    });
    await change();
    // Nobody has read on: it ends all the same.
    await eventually(() => Object.keys(outbound()).length === 0, { what: "nothing going out" });
    await expect(readFully(data, Buffer.alloc(PART_BYTES))).rejects.toMatchObject({ code: RESET.revoked });
    const again = await channel.requestData(request);
    expect(again.answer).toMatchObject(next === "file_data" ? { type: next } : { type: "error", code: next });
    again.cancel();
  });
});

describe("a pool that revokes a game", () => {
  async function createPool(party: Party, asked: (pool: LanePool) => void = () => {}) {
    const { gamesDir } = await party.folders("pool");
    const { manifest } = await createSourceGame(join(gamesDir, GGOO), {
      "version.ini": VERSION,
      [BIG]: Buffer.alloc(PART_BYTES, 7),
    });
    const views: PushedView[] = [];
    const sending: boolean[] = [];
    const view = { inCatalog: true, catalogVersion: undefined, operationActive: false, version: VERSION };
    const pool: LanePool = await startPool(
      await poolOptions({
        viewOf: () => {
          views.push({ ...view, manifest, gamesDir });
          asked(pool);
          return { ...view, manifest, gamesDir };
        },
        onSending: (is) => sending.push(is),
      }),
    );
    const asker = await startRawPeer();
    const { channel } = await asker.dial(pool.ports()[0] ?? 0);
    const close = async (): Promise<void> => {
      await asker[Symbol.asyncDispose]();
      await pool[Symbol.asyncDispose]();
    };
    const request = chunkOf(GGOO, manifest.manifest_hash);
    return { pool, channel, request, views, sending, gamesDir, [Symbol.asyncDispose]: close };
  }

  it.each<[string, (pool: LanePool) => Promise<void>]>([
    ["one", (pool) => pool.revoke(GGOO)],
    ["all", (pool) => pool.revokeAll()],
    [
      "what is revoked already, and all",
      (pool) => {
        void pool.revoke(GGOO);
        return pool.revokeAll();
      },
    ],
  ])("has nothing of it open any more when it resolves, and asks anew: %s", async (_, revoke) => {
    await using party = await Party.make();
    await using rig = await createPool(party);
    const data = await begin(rig.channel, rig.request);
    expect(openFilesBelow(rig.gamesDir)).toHaveLength(1);
    expect(rig.views).toHaveLength(1);
    await revoke(rig.pool);
    expect(openFilesBelow(rig.gamesDir)).toEqual([]);
    await expect(readFully(data, Buffer.alloc(PART_BYTES))).rejects.toMatchObject({ code: RESET.revoked });
    await eventually(() => Object.keys(rig.pool.counts()).length === 0, { what: "nothing going out" });
    const before = rig.views.length;
    (await begin(rig.channel, rig.request)).cancel();
    expect(rig.views.length).toBe(before + 1);
    await eventually(() => rig.sending.length === 4, { what: "the end of what is sent" });
    expect(rig.sending).toEqual([true, false, true, false]);
  });

  it("tells a lane the files of a game once, however often that refuses", async () => {
    await using dir = await temporaryDirectory();
    const { manifest } = await createSourceGame(dir.join(GGOO), { "version.ini": VERSION });
    let told = 0;
    // Whoever sends it to another thread reads the list.
    const watched = {
      ...manifest,
      get files() {
        told += 1;
        return manifest.files;
      },
    };
    const view = { inCatalog: true, catalogVersion: undefined, operationActive: false, version: VERSION };
    const options = await poolOptions({ viewOf: () => ({ ...view, manifest: watched, gamesDir: dir.path }) });
    await using pool = await startPool(options);
    await using asker = await startRawPeer();
    const { channel } = await asker.dial(pool.ports()[0] ?? 0);
    for (let nth = 0; nth < 5; nth++) {
      const refused = channel.request(chunkOf(GGOO, manifest.manifest_hash));
      expect(await refused).toMatchObject({ code: "no_such_file" });
    }
    expect(told).toBe(1);
  });

  it("tells nothing of the files of a game that cannot be served", async () => {
    await using dir = await temporaryDirectory();
    const { manifest } = await createSourceGame(dir.join(GGOO), { "version.ini": VERSION });
    const watched = {
      ...manifest,
      get files(): never {
        throw new Error("nobody needs them");
      },
    };
    const view = { inCatalog: true, catalogVersion: undefined, operationActive: true, version: VERSION };
    const options = await poolOptions({ viewOf: () => ({ ...view, manifest: watched, gamesDir: dir.path }) });
    await using pool = await startPool(options);
    await using asker = await startRawPeer();
    const { channel } = await asker.dial(pool.ports()[0] ?? 0);
    const refused = channel.request(chunkOf(GGOO, manifest.manifest_hash));
    expect(await refused).toMatchObject({ code: "operation_active" });
  });

  it("revokes what one lane holds where another one is told something else", async () => {
    await using dir = await temporaryDirectory();
    const known = { inCatalog: true, catalogVersion: undefined, operationActive: false, version: VERSION };
    const files = { "version.ini": VERSION, "data/world.dat": Buffer.alloc(PART_BYTES, 7) };
    const before = await createSourceGame(dir.join(GGOO), files);
    const after = await createSourceGame(dir.join(GGOO), { ...files, more: "more" });
    let { manifest } = before;
    const viewOf = () => ({ ...known, manifest, gamesDir: dir.path });
    await using pool = await startPool(await poolOptions({ count: 2, viewOf }));
    await using asker = await startRawPeer();
    const [one, other] = await Promise.all(pool.ports().map((port) => asker.dial(port)));
    if (one === undefined || other === undefined) throw new Error("a lane is missing");
    const old = chunkOf(GGOO, before.manifest.manifest_hash);
    (await begin(one.channel, old)).cancel();
    // Nobody has said so yet to the pool.
    ({ manifest } = after);
    (await begin(other.channel, chunkOf(GGOO, manifest.manifest_hash))).cancel();
    expect(await one.channel.request(old)).toMatchObject({ code: "manifest_changed" });
  });

  it("refuses what is on its way while that happens", async () => {
    await using party = await Party.make();
    const revoked: Promise<void>[] = [];
    await using rig = await createPool(party, (pool) =>
      revoked.push(Promise.resolve().then(() => pool.revoke(GGOO))),
    );
    expect(await rig.channel.request(rig.request)).toMatchObject({
      code: "operation_active",
      retryable: true,
    });
    await Promise.all(revoked);
    expect(openFilesBelow(rig.gamesDir)).toEqual([]);
  });
});

import { readFile, writeFile } from "node:fs/promises";
import { asPieceIndex, encodeFrame, hashSchema, type Request, sha256 } from "@lanspread/proto";
import { eventually, seededBytes, temporaryDirectory } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { peerIdFromCertificate } from "../../src/identity/index.ts";
import { FETCHES_AT_ONCE } from "../../src/lanes/constants.ts";
import { FlushPace } from "../../src/lanes/flush-pace.ts";
import { LaneFetcher } from "../../src/lanes/lane-fetcher.ts";
import type { FetchOrder, FromLane } from "../../src/lanes/messages.ts";
import { GGOO, peer } from "../download/support.ts";
import { startRawPeer } from "../peers/raw-peer.ts";

const CONTENT = seededBytes(3, 70_001);
const WHOLE = Buffer.concat([encodeFrame({ type: "file_data", size: CONTENT.length }), CONTENT]);

/** A fetcher with a socket of its own, a source that answers as it is told, and what the fetcher tells. */
async function createRig(answer: (request: Request) => Uint8Array | null | Promise<Uint8Array>) {
  const stack = new AsyncDisposableStack();
  const dir = stack.use(await temporaryDirectory());
  const source = stack.use(await startRawPeer());
  const own = stack.use(await startRawPeer());
  source.answerWith(answer);
  await writeFile(dir.join("file"), Buffer.alloc(CONTENT.length));
  const told: FromLane[] = [];
  const fetcher = new LaneFetcher({
    endpoint: own.endpoint,
    identify: async (certificate) => peerIdFromCertificate(certificate),
    tell: (message) => told.push(message),
    pace: new FlushPace(),
  });
  stack.defer(() => fetcher.close());
  const piece = { index: asPieceIndex(0), fileIndex: 0, offset: 0, length: CONTENT.length };
  const order: FetchOrder = {
    ...{ id: 1, download: 1, root: dir.path, gameId: GGOO, noProgressMs: 30_000 },
    manifestHash: hashSchema.parse("ab".repeat(32)),
    source: { peerId: source.identity.peerId, host: "127.0.0.1", port: source.endpoint.address.port },
    unit: {
      fileIndex: 0,
      path: "file",
      firstPiece: piece.index,
      pieceCount: 1,
      offset: 0,
      length: piece.length,
    },
    identity: null,
    pieceBytes: piece.length,
    digests: Buffer.from(sha256(CONTENT)).toString("base64"),
  };
  return {
    ...{ dir, source, fetcher, told, order },
    ended: () => told.find((message) => message.type === "ended"),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

it("tells all bytes of a fetch, and every piece, before it tells that the fetch has ended", async () => {
  await using rig = await createRig(() => WHOLE);
  rig.fetcher.fetch(rig.order);
  await eventually(() => rig.ended() !== undefined, { what: "the end" });
  expect(rig.told.at(-1)).toEqual({ type: "ended", id: 1, failure: null });
  const counts = rig.told.flatMap((message) => (message.type === "bytes" ? message.counts : []));
  expect(counts.every(([id]) => id === 1)).toBe(true);
  expect(counts.reduce((sum, [, bytes]) => sum + bytes, 0)).toBe(CONTENT.length);
  expect(rig.told.filter(({ type }) => type === "piece").length).toBe(1);
  expect((await readFile(rig.dir.join("file"))).equals(CONTENT)).toBe(true);
});

it("ends what it fetches from a peer that is gone, and nothing of others", async () => {
  const asked = Promise.withResolvers<void>();
  await using rig = await createRig(() => {
    asked.resolve();
    return null;
  });
  rig.fetcher.fetch(rig.order);
  await asked.promise;
  rig.fetcher.drop(peer(9));
  expect(rig.ended()).toBeUndefined();
  rig.fetcher.drop(rig.order.source.peerId);
  await eventually(() => rig.ended() !== undefined, { what: "the end" });
  expect(rig.ended()).toMatchObject({ failure: { kind: "lane" } });
  expect(await rig.source.inbound[0]?.closed).toMatchObject({ reason: "the peer is gone" });
});

it("tells what nobody wants any more from what stands still, which one limit ends", async () => {
  const asked = Promise.withResolvers<void>();
  await using rig = await createRig(() => {
    asked.resolve();
    return null;
  });
  rig.fetcher.fetch(rig.order);
  await asked.promise;
  rig.fetcher.cancel(rig.order.id);
  await eventually(() => rig.ended() !== undefined, { what: "the end of what was cancelled" });
  expect(rig.ended()).toEqual({ type: "ended", id: 1, failure: { kind: "cancelled" } });
  rig.told.length = 0;
  rig.fetcher.fetch({ ...rig.order, id: 2, noProgressMs: 20 });
  await eventually(() => rig.ended() !== undefined, { what: "the end of what stands still" });
  expect(rig.ended()).toMatchObject({ id: 2, failure: { kind: "peer-error", error: { code: "timeout" } } });
});

describe("more units of one source than are asked for at a time", () => {
  it("wait, and are asked for in their order as others end, while another source is asked", async () => {
    await using rig = await createHeldRig();
    await using other = await startRawPeer();
    const askedOther = Promise.withResolvers<void>();
    other.answerWith(() => {
      askedOther.resolve();
      return null;
    });
    for (const order of rig.orders) rig.fetcher.fetch(order);
    await eventually(() => rig.asked.length === FETCHES_AT_ONCE, { what: "the first requests" });
    const { peerId } = other.identity;
    const port = other.endpoint.address.port;
    rig.fetcher.fetch({ ...rig.order, id: 100, source: { peerId, host: "127.0.0.1", port } });
    await askedOther.promise;
    expect(rig.asked.length).toBe(FETCHES_AT_ONCE);
    rig.answer(1);
    await eventually(() => rig.asked.length === FETCHES_AT_ONCE + 1, { what: "the next request" });
    rig.answer(rig.orders.length);
    await eventually(() => rig.endedIds().length === rig.orders.length, { what: "the end of all" });
    expect(rig.asked.slice(FETCHES_AT_ONCE)).toEqual(
      rig.orders.slice(FETCHES_AT_ONCE).map(({ manifestHash }) => manifestHash),
    );
    expect(rig.asked.length).toBe(rig.orders.length);
  });

  it("end at once where nobody wants them any more, and are never asked for", async () => {
    await using rig = await createHeldRig();
    for (const order of rig.orders) rig.fetcher.fetch(order);
    await eventually(() => rig.asked.length === FETCHES_AT_ONCE, { what: "the first requests" });
    rig.fetcher.cancel(FETCHES_AT_ONCE + 1);
    expect(rig.told).toContainEqual({
      type: "ended",
      id: FETCHES_AT_ONCE + 1,
      failure: { kind: "cancelled" },
    });
    rig.answer(rig.orders.length);
    await eventually(() => rig.endedIds().length === rig.orders.length, { what: "the end of all" });
    expect(rig.asked).not.toContain(rig.orders[FETCHES_AT_ONCE]?.manifestHash);
  });

  it("fail with those before them where the source is gone", async () => {
    await using rig = await createHeldRig();
    for (const order of rig.orders) rig.fetcher.fetch(order);
    await eventually(() => rig.asked.length === FETCHES_AT_ONCE, { what: "the first requests" });
    rig.fetcher.drop(rig.order.source.peerId);
    await eventually(() => rig.endedIds().length === rig.orders.length, { what: "the end of all" });
    expect(rig.told.filter(({ type }) => type === "ended")).toEqual(
      expect.arrayContaining(
        rig.orders.map(({ id }) => ({
          type: "ended",
          id,
          failure: expect.objectContaining({ kind: "lane" }),
        })),
      ),
    );
    expect(rig.asked.length).toBe(FETCHES_AT_ONCE);
    expect(rig.source.inbound.length).toBe(1);
  });

  it("go on though somebody else says that its lane is there, too", async () => {
    await using rig = await createHeldRig();
    rig.fetcher.fetch({ ...rig.order, id: 100, source: { ...rig.order.source, peerId: peer(9) } });
    for (const order of rig.orders) rig.fetcher.fetch(order);
    await eventually(() => rig.endedIds().includes(100), {
      what: "the end of what was asked of the other one",
    });
    expect(rig.endedIds()).toEqual([100]);
    rig.answer(rig.orders.length);
    await eventually(() => rig.endedIds().length === rig.orders.length + 1, { what: "the end of all" });
    expect(rig.asked.length).toBe(rig.orders.length);
  });

  it("end with the fetcher", async () => {
    await using rig = await createHeldRig();
    for (const order of rig.orders) rig.fetcher.fetch(order);
    await eventually(() => rig.asked.length === FETCHES_AT_ONCE, { what: "the first requests" });
    await rig.fetcher.close();
    expect(new Set(rig.endedIds())).toEqual(new Set(rig.orders.map(({ id }) => id)));
    expect(rig.asked.length).toBe(FETCHES_AT_ONCE);
  });
});

/** A source that answers when it is told to; and orders of as many units as it is asked for at a time, and of two more. */
async function createHeldRig() {
  const asked: string[] = [];
  const waiting: (() => void)[] = [];
  let allowed = 0;
  const rig = await createRig(async (request) => {
    if (request.type === "get_game_file_chunk") asked.push(request.manifest_hash);
    if (allowed > 0) allowed -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    return WHOLE;
  });
  return {
    ...rig,
    asked,
    orders: Array.from({ length: FETCHES_AT_ONCE + 2 }, (_, index) => ({
      ...rig.order,
      id: index + 1,
      manifestHash: hashSchema.parse(Buffer.from(sha256(Buffer.from([index]))).toString("hex")),
    })),
    /** So many requests are answered: those that wait, then those that come. */
    answer(count: number): void {
      const now = waiting.splice(0, count);
      allowed += count - now.length;
      for (const go of now) go();
    },
    endedIds: () => rig.told.flatMap((message) => (message.type === "ended" ? [message.id] : [])),
    [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose](),
  };
}

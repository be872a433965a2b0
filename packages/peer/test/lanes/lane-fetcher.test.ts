import { readFile, writeFile } from "node:fs/promises";
import { asPieceIndex, encodeFrame, hashSchema, type Request, sha256 } from "@lanspread/proto";
import { eventually, seededBytes, temporaryDirectory } from "@lanspread/testkit";
import { expect, it } from "vitest";
import { peerIdFromCertificate } from "../../src/identity/index.ts";
import { FlushPace } from "../../src/lanes/flush-pace.ts";
import { LaneFetcher } from "../../src/lanes/lane-fetcher.ts";
import type { FetchOrder, FromLane } from "../../src/lanes/messages.ts";
import { GGOO, peer } from "../download/support.ts";
import { startRawPeer } from "../peers/raw-peer.ts";

const CONTENT = seededBytes(3, 70_001);

/** A fetcher with a socket of its own, a source that answers as it is told, and what the fetcher tells. */
async function createRig(answer: (request: Request) => Uint8Array | null) {
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
  await using rig = await createRig(() =>
    Buffer.concat([encodeFrame({ type: "file_data", size: CONTENT.length }), CONTENT]),
  );
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

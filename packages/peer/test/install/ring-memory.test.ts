import { seededBytes, type TemporaryDirectory, temporaryDirectory, writeRar5 } from "@lanspread/testkit";
import { expect, it } from "vitest";
import { STREAM_CHUNK_BYTES, STREAM_CHUNKS } from "../../src/install/constants.ts";
import { createUnrarJsUnpacker, type EntrySink } from "../../src/install/index.ts";

const RING_BYTES = STREAM_CHUNK_BYTES * STREAM_CHUNKS;

async function archiveWith(place: TemporaryDirectory, seed: number): Promise<string> {
  const archive = place.join(`${seed}.eti`);
  await writeRar5(archive, [{ name: "level.pak", content: seededBytes(seed, 3 * STREAM_CHUNK_BYTES) }]);
  return archive;
}

function sinkWith(bytes: EntrySink["bytes"]): EntrySink {
  return { directory: async () => {}, fileBegin: async () => {}, bytes, fileEnd: async () => {} };
}

it("is that of the stream before, however many archives a game has", async () => {
  await using place = await temporaryDirectory();
  const archive = await archiveWith(place, 1);
  const unpacker = createUnrarJsUnpacker();
  const made: number[] = [];
  const Real = SharedArrayBuffer;
  globalThis.SharedArrayBuffer = new Proxy(Real, {
    construct: (target, [length]: [number]) => {
      made.push(length);
      return new target(length);
    },
  });
  try {
    for (let time = 0; time < 5; time++) {
      await unpacker.stream({ archive, sink: sinkWith(async () => {}) });
    }
  } finally {
    globalThis.SharedArrayBuffer = Real;
  }
  expect(made.filter((length) => length === RING_BYTES)).toHaveLength(1);
});

it("is nobody else's while a sink is in the middle of a call, even when its stream was cancelled", async () => {
  await using place = await temporaryDirectory();
  const [first, second] = [await archiveWith(place, 1), await archiveWith(place, 2)];
  const unpacker = createUnrarJsUnpacker();
  const controller = new AbortController();
  const got = Promise.withResolvers<Uint8Array>();
  const held = Promise.withResolvers<void>();
  const cancelled = unpacker.stream({
    archive: first,
    signal: controller.signal,
    sink: sinkWith((bytes) => {
      got.resolve(bytes);
      return held.promise;
    }),
  });
  const bytes = await got.promise;
  const before = Uint8Array.from(bytes);
  controller.abort();
  await expect(cancelled).rejects.toMatchObject({ code: "cancelled" });
  await unpacker.stream({ archive: second, sink: sinkWith(async () => {}) });
  expect(Buffer.from(bytes).equals(before)).toBe(true);
  held.resolve();
});

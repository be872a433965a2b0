import { expect, it } from "vitest";
import { SEND_BUFFER_BYTES } from "../../src/serve/constants.ts";
import { sendPart } from "../../src/serve/send-part.ts";
import { createBufferPool } from "../../src/transfer/index.ts";

const REST = {
  what: "quake3/pak0.pk3",
  buffers: createBufferPool(),
  transfer: { signal: new AbortController().signal, moved: () => {} },
  checkGate: () => {},
};

it("reads the next bytes while the last ones are taken, and fails where they are awaited", async () => {
  const reads: number[] = [];
  const written = Promise.withResolvers<void>();
  const failed = Promise.withResolvers<void>();
  const sending = sendPart({
    stream: { write: () => written.promise },
    payload: {
      read: async (into, position) => {
        reads.push(position);
        if (position === 0) return into.length;
        failed.resolve();
        throw new Error("the disk is gone");
      },
    },
    offset: 0,
    length: 4 * SEND_BUFFER_BYTES,
    ...REST,
  });
  await failed.promise;
  // A failure that nobody awaited by now would be reported as unhandled.
  await new Promise((resolve) => setImmediate(resolve));
  expect(reads).toEqual([0, SEND_BUFFER_BYTES]);
  written.resolve();
  await expect(sending).rejects.toThrow("the disk is gone");
});

it("has no read under way when the receiver has broken it off", async () => {
  let reading = 0;
  const ended = Promise.withResolvers<void>();
  const sending = sendPart({
    stream: { write: () => Promise.reject(new Error("the stream was reset")) },
    payload: {
      read: async (into, position) => {
        reading += 1;
        if (position > 0) await ended.promise;
        reading -= 1;
        return into.length;
      },
    },
    offset: 0,
    length: 4 * SEND_BUFFER_BYTES,
    ...REST,
  });
  setTimeout(() => ended.resolve(), 20);
  await expect(sending).rejects.toThrow("the stream was reset");
  expect(reading).toBe(0);
});

it("takes short reads for what they are, and never more than two buffers", async () => {
  const source = Uint8Array.from({ length: 3 * SEND_BUFFER_BYTES + 5 }, (_, index) => index % 251);
  const pool = createBufferPool();
  let held = 0;
  let most = 0;
  const parts: Buffer[] = [];
  await sendPart({
    ...REST,
    stream: { write: async (bytes) => void parts.push(Buffer.from(bytes)) },
    payload: {
      read: async (into, position) => {
        const part = source.subarray(position, position + Math.min(into.length, 100_000));
        into.set(part);
        return part.length;
      },
    },
    offset: 3,
    length: source.length - 4,
    buffers: {
      take: (length) => {
        held += 1;
        most = Math.max(most, held);
        return pool.take(length);
      },
      give: (buffer) => {
        held -= 1;
        pool.give(buffer);
      },
    },
  });
  expect(Buffer.concat(parts).equals(source.subarray(3, source.length - 1))).toBe(true);
  expect(most).toBe(2);
  expect(held).toBe(0);
});

it("says which file was cut while it was sent", async () => {
  const sending = sendPart({
    ...REST,
    stream: { write: async () => {} },
    payload: { read: async (into, position) => (position < 100 ? Math.min(into.length, 100 - position) : 0) },
    offset: 0,
    length: 200,
  });
  await expect(sending).rejects.toMatchObject({
    code: "manifest_changed",
    message: "quake3/pak0.pk3 was cut while it was sent",
  });
});

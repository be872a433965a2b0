import { describe, expect, it } from "vitest";
import type { NativeConnection } from "../src/core/native-types.ts";
import { StreamCore } from "../src/core/stream.ts";
import { StreamStoppedError } from "../src/index.ts";

/**
 * A stream whose native half takes no bytes. The library says so with the same answer for a stream that has no room and
 * for one that it has forgotten, and when it forgets one is up to the other side: so the library is stood in for.
 */
function streamWithoutRoom(capacity: () => number) {
  const parked: StreamCore[] = [];
  const native: Partial<NativeConnection> = { streamSend: () => null, streamCapacity: capacity };
  const stream = new StreamCore(0, {
    native: native as NativeConnection,
    closeInfo: undefined,
    wake: () => {},
    hasParkedWrites: false,
    datagramsAsked: 0,
    bytesTaken: () => {},
    writerParked: (waiting) => parked.push(waiting),
    endDue: () => {},
    streamDone: () => {},
  });
  return { stream, parked };
}

describe("a stream that takes no bytes", () => {
  it("for lack of room lets its writer wait", () => {
    const { stream, parked } = streamWithoutRoom(() => 0);
    void stream.write(Uint8Array.of(1));
    expect(parked).toEqual([stream]);
    expect(stream.serveWriter()).toBe(false);
    expect(stream.hasParkedWrite).toBe(true);
  });

  it("because it is over refuses its writer, with the reader's code, instead of waiting for ever", async () => {
    const { stream, parked } = streamWithoutRoom(() => {
      throw new Error("StreamStopped(7)");
    });
    await expect(stream.write(Uint8Array.of(1))).rejects.toEqual(new StreamStoppedError(7));
    expect(parked).toEqual([]);
  });

  it("any more refuses all who wait already", async () => {
    let over = false;
    const { stream } = streamWithoutRoom(() => {
      if (over) throw new Error("StreamStopped(7)");
      return 0;
    });
    const writes = [stream.write(Uint8Array.of(1)), stream.write(Uint8Array.of(2))];
    over = true;
    expect(stream.serveWriter()).toBe(false);
    for (const write of writes) await expect(write).rejects.toMatchObject({ code: 7 });
    expect(stream.hasParkedWrite).toBe(false);
  });
});

import { encodeFrame, RESET, type ResetCode } from "@lanspread/proto";
import { describe, expect, it } from "vitest";
import { createLogger, type LogEntry } from "../../src/logger.ts";
import { StreamServer } from "../../src/serve/stream-server.ts";
import type { RequestStream } from "../../src/transfer/index.ts";
import { ASKER, createServeRig } from "./rig.ts";

/** Somebody who pings; `resets` is what the answer was given up with. */
function pinging(): RequestStream & { readonly resets: ResetCode[] } {
  let frame: Uint8Array = encodeFrame({ type: "ping", peer_id: ASKER });
  const resets: ResetCode[] = [];
  return {
    resets,
    read: async (into) => {
      const part = frame.subarray(0, into.length);
      into.set(part);
      frame = frame.subarray(part.length);
      return part.length;
    },
    write: async () => {},
    finish: () => {},
    reset: (code) => void resets.push(code as ResetCode),
    stop: () => {},
  };
}

/** What is warned of, and how the stream ends, where an answer fails in the middle. */
async function failing(connectionEnds: boolean) {
  await using rig = await createServeRig({ "version.ini": "1" });
  const warned: LogEntry[] = [];
  const over = new AbortController();
  const server = new StreamServer({
    answer: async (stream) => {
      await stream.write(Uint8Array.of(1));
      if (connectionEnds) over.abort();
      over.signal.throwIfAborted();
      throw new Error("the disk is gone");
    },
    logger: createLogger({ level: "warn", sink: (entry) => warned.push(entry) }),
  });
  const stream = pinging();
  await server.serveStream(stream, { ...rig.context, signal: over.signal });
  return { warned: warned.map(({ message }) => message), resets: stream.resets };
}

describe("an answer that fails in the middle", () => {
  it("is warned of", async () => {
    const { warned, resets } = await failing(false);
    expect(warned).toEqual(["a request could not be answered to its end"]);
    expect(resets).toEqual([RESET.internal]);
  });

  it("is nobody's fault where its connection has ended", async () => {
    const { warned, resets } = await failing(true);
    expect(warned).toEqual([]);
    expect(resets).toEqual([RESET.cancelled]);
  });
});

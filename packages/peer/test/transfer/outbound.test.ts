import { asGameId, asPeerId } from "@lanspread/proto";
import { describe, expect, it } from "vitest";
import { createOutboundTransfers, type OutboundTransfer } from "../../src/transfer/index.ts";
import { StoppedTime } from "./stopped-time.ts";

const [A, B] = [asGameId("a"), asGameId("b")];

/** A sender that waits until its transfer is cancelled. */
function waiting({ signal }: OutboundTransfer): Promise<never> {
  return new Promise((_resolve, reject) =>
    signal.addEventListener("abort", () => reject(signal.reason), {
      once: true,
    }),
  );
}

describe("the outbound transfers", () => {
  it("count a transfer from before the gate is asked until its end, however that comes", async () => {
    const transfers = createOutboundTransfers();
    const gate = Promise.withResolvers<void>();
    const sent = transfers.run(A, async () => {
      expect(transfers.counts()).toEqual({ a: 1 });
      await gate.promise;
      return "sent";
    });
    const failed = transfers.run(A, async () => {
      throw new Error("lost");
    });
    expect(transfers.counts()).toEqual({ a: 2 });
    gate.resolve();
    expect(await sent).toBe("sent");
    await expect(failed).rejects.toThrow("lost");
    expect(transfers.counts()).toEqual({});
  });

  it("are cancelled by game, and the cancelling waits for their end", async () => {
    const transfers = createOutboundTransfers();
    let cleanedUp = false;
    const ended = transfers.run(A, async (transfer) => {
      try {
        await waiting(transfer);
      } finally {
        await new Promise((resolve) => setTimeout(resolve, 20));
        cleanedUp = true;
      }
    });
    const other = transfers.run(B, waiting);
    const outcome = expect(ended).rejects.toMatchObject({ code: "cancelled" });
    await transfers.cancel(A);
    expect(cleanedUp).toBe(true);
    expect(transfers.counts()).toEqual({ b: 1 });
    await outcome;
    const rest = expect(other).rejects.toMatchObject({ code: "cancelled" });
    await transfers.cancelAll();
    await rest;
    expect(transfers.counts()).toEqual({});
  });

  it("end when nothing moves", async () => {
    const transfers = createOutboundTransfers({ noProgressMs: 20 });
    await expect(transfers.run(A, waiting)).rejects.toMatchObject({
      code: "timeout",
    });
    expect(transfers.counts()).toEqual({});
  });

  it("go on while something moves", async () => {
    using time = new StoppedTime();
    const transfers = createOutboundTransfers({ noProgressMs: 400 });
    let steps = 0;
    const run = transfers.run(A, async ({ signal, moved }) => {
      for (; steps < 10; steps++) {
        await new Promise((resolve) => setTimeout(resolve, 399));
        signal.throwIfAborted();
        moved(0);
      }
    });
    await time.passUntil(run, 1);
    expect(steps).toBe(10);
  });

  it("tell what is sent of a game to whom, and nothing of what is no part of it", async () => {
    const sent: unknown[] = [];
    const peerId = asPeerId("00000000-0000-8000-8000-00000000000a");
    const transfers = createOutboundTransfers({ onSent: (...what) => sent.push(what) });
    const send = async ({ moved }: OutboundTransfer): Promise<void> => [3, 0, 4].forEach(moved);
    await transfers.run(A, send);
    expect(sent).toEqual([]);
    await transfers.run(B, send, { to: peerId });
    expect(sent).toEqual([
      [peerId, B, 3],
      [peerId, B, 4],
    ]);
  });

  it("end with their stream", async () => {
    const transfers = createOutboundTransfers();
    const controller = new AbortController();
    const ended = transfers.run(A, waiting, { signal: controller.signal });
    const reason = new Error("the stream was reset");
    controller.abort(reason);
    await expect(ended).rejects.toBe(reason);
  });
});

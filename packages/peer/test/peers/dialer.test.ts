import { asPeerId, type PeerId } from "@lanspread/proto";
import { createVirtualClock } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import { PeerError } from "../../src/errors/index.ts";
import {
  MAX_DIALS_AT_ONCE,
  MAX_DIALS_TO_ONE,
  MAX_RECORDS,
  MAX_RECORDS_OF_ONE,
  NEXT_ADDRESS_MS,
} from "../../src/peers/constants.ts";
import { dialFirst } from "../../src/peers/dial-first.ts";
import { Dialer } from "../../src/peers/dialer.ts";
import type { SeenPeer } from "../../src/peers/index.ts";

const id = (number: number): PeerId =>
  asPeerId(`${number.toString(16).padStart(8, "0")}-0000-8000-8000-000000000000`);
const OWN = id(1_000);
const SMALLER = id(1);
const LARGER = id(2_000);

function seen(peerId: PeerId, port = 1, host = "127.0.0.1", vouched = true): SeenPeer {
  const addresses = [{ host, port, vouched }];
  return { peerId, protoVer: 5, libraryRev: 1, party: "test", name: "x", addresses };
}

/** A dialer whose dials fail at once unless told otherwise. */
function rig(dial?: (seen: SeenPeer, signal: AbortSignal) => Promise<void>) {
  const clock = createVirtualClock();
  const connected = new Set<PeerId>();
  const dials: { at: number; peerId: PeerId; port: number | undefined }[] = [];
  const controller = new AbortController();
  const dialer = new Dialer({
    ownId: OWN,
    clock,
    signal: controller.signal,
    random: () => 0,
    isConnected: (peerId) => connected.has(peerId),
    dial: async (record, signal) => {
      dials.push({ at: clock.now(), peerId: record.peerId, port: record.addresses[0]?.port });
      if (dial !== undefined) return await dial(record, signal);
      throw new Error("nobody there");
    },
  });
  return { clock, connected, dials, controller, dialer, times: () => dials.map(({ at }) => at) };
}

describe("Dialer", () => {
  it("dials at once the peer with the larger id", async () => {
    const { clock, dialer, times } = rig();
    dialer.seen(seen(LARGER));
    await clock.advanceAsync(0);
    expect(times()).toEqual([0]);
  });

  it("waits a second for the hello of the peer with the smaller id, and then dials", async () => {
    const { clock, dialer, times } = rig();
    dialer.seen(seen(SMALLER));
    await clock.advanceAsync(999);
    expect(times()).toEqual([]);
    await clock.advanceAsync(1);
    expect(times()).toEqual([1_000]);
  });

  it("does not dial who has said hello meanwhile", async () => {
    const { clock, connected, dialer, times } = rig();
    dialer.seen(seen(SMALLER));
    await clock.advanceAsync(500);
    connected.add(SMALLER);
    dialer.connected(SMALLER);
    await clock.advanceAsync(60_000);
    expect(times()).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it("backs off from 0.5 s to 30 s while the record lives, and stops with it", async () => {
    const { clock, dialer, times } = rig();
    dialer.seen(seen(LARGER));
    await clock.advanceAsync(100_000);
    expect(times()).toEqual([0, 500, 1_500, 3_500, 7_500, 15_500, 31_500, 61_500, 91_500]);
    dialer.gone(LARGER);
    await clock.advanceAsync(100_000);
    expect(times()).toHaveLength(9);
    expect(clock.pending).toBe(0);
  });

  it("backs off per peer", async () => {
    const { clock, dialer, dials } = rig();
    dialer.seen(seen(LARGER));
    await clock.advanceAsync(50_000);
    dialer.seen(seen(id(3_000)));
    await clock.advanceAsync(600);
    expect(dials.filter(({ peerId }) => peerId === id(3_000)).map(({ at }) => at)).toEqual([50_000, 50_500]);
  });

  it("an announcement again changes nothing; another address is tried at once", async () => {
    const { clock, dialer, dials } = rig();
    dialer.seen(seen(LARGER));
    await clock.advanceAsync(35_000);
    const before = dials.length;
    for (let i = 0; i < 10; i++) dialer.seen({ ...seen(LARGER), libraryRev: i });
    await clock.advanceAsync(1_000);
    expect(dials).toHaveLength(before);
    dialer.seen(seen(LARGER, 2));
    await clock.advanceAsync(500);
    expect(dials.slice(before).map(({ at, port }) => [at, port])).toEqual([
      [36_000, 2],
      [36_500, 2],
    ]);
  });

  it("dials again who was lost, and leaves alone for long who said goodbye", async () => {
    const { clock, connected, dialer, times } = rig();
    connected.add(LARGER);
    dialer.seen(seen(LARGER));
    await clock.advanceAsync(10_000);
    connected.delete(LARGER);
    dialer.lost(LARGER, { leaving: false });
    await clock.advanceAsync(500);
    expect(times()).toEqual([10_500]);

    dialer.connected(LARGER);
    dialer.lost(LARGER, { leaving: true });
    await clock.advanceAsync(29_999);
    expect(times()).toEqual([10_500]);
    await clock.advanceAsync(1);
    expect(times()).toEqual([10_500, 40_500]);
  });

  it("dials a bounded number of peers at once, and the others in their order", async () => {
    const pending: (() => void)[] = [];
    const { clock, dialer, dials } = rig(() => new Promise<void>((resolve) => pending.push(resolve)));
    for (let i = 0; i < MAX_DIALS_AT_ONCE + 2; i++) dialer.seen(seen(id(2_000 + i), 1, `10.0.0.${i}`));
    await clock.advanceAsync(0);
    expect(dials).toHaveLength(MAX_DIALS_AT_ONCE);
    pending[0]?.();
    await clock.advanceAsync(0);
    expect(dials.map(({ peerId }) => peerId).at(-1)).toBe(id(2_000 + MAX_DIALS_AT_ONCE));
    pending[1]?.();
    await clock.advanceAsync(0);
    expect(dials).toHaveLength(MAX_DIALS_AT_ONCE + 2);
  });

  it.each([
    ["one machine", (_: number) => "10.0.0.6", true],
    ["machines that are not there", (index: number) => `10.0.0.${index % 250}`, false],
  ])("who announces hundreds of peers on %s keeps nobody else waiting", async (_, host, vouched) => {
    const { clock, dialer, dials } = rig(() => new Promise<void>(() => {}));
    for (let i = 0; i < MAX_RECORDS; i++) dialer.seen(seen(id(2_000 + i), 1, host(i), vouched));
    await clock.advanceAsync(0);
    expect(dials).toHaveLength(MAX_DIALS_TO_ONE);
    dialer.seen(seen(id(9_999), 1, "10.0.0.7"));
    await clock.advanceAsync(0);
    expect(dials.at(-1)?.peerId).toBe(id(9_999));
    expect(dialer.announced(id(2_000 + MAX_RECORDS_OF_ONE - 1))).toBeDefined();
    expect(dialer.announced(id(2_000 + MAX_RECORDS_OF_ONE))).toBeUndefined();
  });

  it("dials those first that have not failed", async () => {
    const pending: (() => void)[] = [];
    const { clock, dialer, dials } = rig(({ peerId }) =>
      peerId === id(2_000) ? Promise.reject(new Error("no")) : new Promise((end) => pending.push(end)),
    );
    dialer.seen(seen(id(2_000)));
    await clock.advanceAsync(0);
    for (let i = 1; i <= MAX_DIALS_TO_ONE; i++) dialer.seen(seen(id(2_000 + i)));
    await clock.advanceAsync(10_000);
    dialer.seen(seen(id(3_000)));
    await clock.advanceAsync(0);
    expect(dials).toHaveLength(1 + MAX_DIALS_TO_ONE);
    pending[0]?.();
    await clock.advanceAsync(0);
    expect(dials.at(-1)?.peerId).toBe(id(3_000));
  });

  it("goes on with the next where one that waited has come by itself meanwhile", async () => {
    const pending: (() => void)[] = [];
    const { clock, connected, dialer, dials } = rig(() => new Promise((resolve) => pending.push(resolve)));
    for (let i = 0; i < MAX_DIALS_TO_ONE + 2; i++) dialer.seen(seen(id(2_000 + i)));
    await clock.advanceAsync(0);
    connected.add(id(2_000 + MAX_DIALS_TO_ONE));
    pending[0]?.();
    await clock.advanceAsync(0);
    expect(dials.at(-1)?.peerId).toBe(id(2_000 + MAX_DIALS_TO_ONE + 1));
  });

  it("ends a dial when the record goes, and every dial when it stops", async () => {
    const ended: PeerId[] = [];
    const { clock, controller, dialer } = rig((record, signal) => {
      const { promise, reject } = Promise.withResolvers<void>();
      signal.addEventListener("abort", () => {
        ended.push(record.peerId);
        reject(signal.reason);
      });
      return promise;
    });
    dialer.seen(seen(LARGER));
    dialer.seen(seen(id(3_000)));
    await clock.advanceAsync(0);
    dialer.gone(LARGER);
    expect(ended).toEqual([LARGER]);
    controller.abort();
    await dialer.stop();
    expect(ended).toEqual([LARGER, id(3_000)]);
    expect(clock.pending).toBe(0);
  });
});

describe("dialFirst", () => {
  const addresses = [1, 2, 3].map((port) => ({ host: "127.0.0.1", port }));

  function attempts() {
    const clock = createVirtualClock();
    const running = new Map<number, PromiseWithResolvers<string>>();
    const signals = new Map<number, AbortSignal>();
    const late: string[] = [];
    const controller = new AbortController();
    const result = dialFirst({
      addresses,
      clock,
      signal: controller.signal,
      attempt: ({ port }, signal) => {
        const attempt = Promise.withResolvers<string>();
        running.set(port, attempt);
        signals.set(port, signal);
        signal.addEventListener("abort", () => attempt.reject(signal.reason));
        return attempt.promise;
      },
      discard: (value) => late.push(value),
    });
    return { clock, running, signals, late, controller, result };
  }

  it("tries the next address after a moment, beside the first", async () => {
    const { clock, running, signals, result } = attempts();
    expect([...running.keys()]).toEqual([1]);
    await clock.advanceAsync(NEXT_ADDRESS_MS);
    expect([...running.keys()]).toEqual([1, 2]);
    running.get(2)?.resolve("two");
    expect(await result).toBe("two");
    expect(signals.get(1)?.aborted).toBe(true);
    expect(clock.pending).toBe(0);
  });

  it("tries the next address at once when one fails", async () => {
    const { clock, running, result } = attempts();
    running.get(1)?.reject(new Error("no"));
    await clock.advanceAsync(0);
    expect([...running.keys()]).toEqual([1, 2]);
    running.get(2)?.resolve("two");
    expect(await result).toBe("two");
  });

  it("gives back what comes too late", async () => {
    const { clock, running, late, result } = attempts();
    await clock.advanceAsync(NEXT_ADDRESS_MS);
    running.get(1)?.resolve("one");
    running.get(2)?.resolve("two");
    expect(await result).toBe("one");
    await clock.advanceAsync(0);
    expect(late).toEqual(["two"]);
  });

  it("fails with what says most", async () => {
    const { clock, running, result } = attempts();
    const failed = expect(result).rejects.toMatchObject({ code: "wrong-party" });
    await clock.advanceAsync(2 * NEXT_ADDRESS_MS);
    running.get(2)?.reject(new PeerError("wrong-party", "another CA"));
    running.get(1)?.reject(new PeerError("connect-failed", "nobody answers"));
    running.get(3)?.reject(new PeerError("connect-failed", "nobody answers"));
    await failed;
  });

  it("ends with its signal", async () => {
    const { controller, clock, running, result } = attempts();
    const failed = expect(result).rejects.toThrow("aborted");
    controller.abort();
    await failed;
    expect(running.size).toBe(1);
    expect(clock.pending).toBe(0);
  });
});

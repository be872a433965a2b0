import { expect, test } from "vitest";
import { createSimulatedNetwork, createVirtualClock, type NetworkConditions } from "../src/index.ts";

function pair(conditions: NetworkConditions & { seed?: number } = {}) {
  const clock = createVirtualClock();
  const network = createSimulatedNetwork({ clock, ...conditions });
  const a = network.bind("10.0.0.1", 100);
  const b = network.bind("10.0.0.2");
  const received: { byte: number; at: number; from: string }[] = [];
  b.onMessage((bytes, from) =>
    received.push({ byte: bytes[0] ?? -1, at: clock.now(), from: `${from.host}:${from.port}` }),
  );
  const send = (byte: number, length = 1): void =>
    a.send(new Uint8Array(length).fill(byte), b.address.host, b.address.port);
  return { clock, network, a, b, received, send };
}

test("a datagram arrives after the latency, with its sender's address", () => {
  const { clock, received, send } = pair({ latencyMs: 5 });
  send(7);
  clock.advance(4);
  expect(received).toEqual([]);
  clock.advance(1);
  expect(received).toEqual([{ byte: 7, at: 5, from: "10.0.0.1:100" }]);
});

test("the sender may use its buffer again at once", () => {
  const { clock, a, b, received } = pair();
  const buffer = Uint8Array.of(1);
  a.send(buffer, b.address.host, b.address.port);
  buffer[0] = 2;
  clock.runUntilIdle();
  expect(received.map(({ byte }) => byte)).toEqual([1]);
});

test("loses the asked share, the same datagrams for the same seed, others for another", () => {
  const arrivals = (seed: number): number[] => {
    const { clock, network, received, send } = pair({ lossRate: 0.3, seed });
    for (let count = 0; count < 250; count++) send(count);
    clock.runUntilIdle();
    expect(network.counters.delivered + network.counters.lost).toBe(250);
    return received.map(({ byte }) => byte);
  };
  const first = arrivals(1);
  expect(first.length).toBeGreaterThan(140);
  expect(first.length).toBeLessThan(210);
  expect(arrivals(1)).toEqual(first);
  expect(arrivals(2)).not.toEqual(first);
});

test("reorders and duplicates where asked, and never otherwise", () => {
  const order = (conditions: NetworkConditions): number[] => {
    const { clock, received, send } = pair(conditions);
    for (let count = 0; count < 100; count++) {
      send(count);
      clock.advance(1);
    }
    clock.runUntilIdle();
    return received.map(({ byte }) => byte);
  };
  const inOrder = Array.from({ length: 100 }, (_, index) => index);
  expect(order({})).toEqual(inOrder);
  const shuffled = order({ reorderRate: 0.2 });
  expect(shuffled).not.toEqual(inOrder);
  expect(shuffled.toSorted((x, y) => x - y)).toEqual(inOrder);
  expect(order({ duplicateRate: 0.2 }).length).toBeGreaterThan(105);
});

test("datagrams over the MTU vanish", () => {
  const { clock, network, received, send } = pair({ mtu: 1200 });
  send(1, 1200);
  send(2, 1201);
  clock.runUntilIdle();
  expect(received.map(({ byte }) => byte)).toEqual([1]);
  expect(network.counters.tooBig).toBe(1);
});

test("a pulled cable stops both directions, also what is on its way", () => {
  const { clock, network, a, b, received, send } = pair({ latencyMs: 10 });
  const back: number[] = [];
  a.onMessage((bytes) => back.push(bytes[0] ?? -1));
  send(1);
  network.setLink("10.0.0.2", "down");
  b.send(Uint8Array.of(2), "10.0.0.1", 100);
  clock.advance(20);
  expect([received, back]).toEqual([[], []]);
  network.setLink("10.0.0.2", "up");
  send(3);
  clock.advance(20);
  expect(received.map(({ byte }) => byte)).toEqual([3]);
});

test("an address is taken once, and free again after closing", async () => {
  const { network, a, b, clock, received, send } = pair();
  expect(() => network.bind("10.0.0.1", 100)).toThrow("EADDRINUSE");
  await a.close();
  network.bind("10.0.0.1", 100);
  await b.close();
  send(1);
  clock.runUntilIdle();
  expect(received).toEqual([]);
});

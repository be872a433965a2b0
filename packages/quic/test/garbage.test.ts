import { randomFillSync } from "node:crypto";
import { createRandom, eventually } from "@lanspread/testkit";
import { expect, test } from "vitest";
import { type Address, createDgramSocket, createEndpoint, type DatagramSocket } from "../src/index.ts";
import { holdings } from "./support/memory.ts";
import { ALPN, ask, echo, nextConnection, testParty } from "./support/pair.ts";

const TOTAL = 1_000_000;
const AT_ONCE = 2_000;
/** A leak of 100 bytes per datagram would be 80 MB. */
const RESIDENT_ROOM_BYTES = 40_000_000;
const HEAP_ROOM_BYTES = 4_000_000;

/** A socket that records what comes in, and lets the test bring in datagrams as if from the network. */
async function tappedSocket(address: Address) {
  const socket = await createDgramSocket(address);
  const seen: Uint8Array[] = [];
  let from: Address = address;
  let handle: (bytes: Uint8Array, from: Address) => void = () => undefined;
  const tapped: DatagramSocket = {
    address: socket.address,
    send: (bytes, host, port) => socket.send(bytes, host, port),
    close: () => socket.close(),
    onMessage(handler) {
      handle = handler;
      socket.onMessage((bytes, sender) => {
        from = sender;
        if (seen.length < 400) seen.push(new Uint8Array(bytes));
        handler(bytes, sender);
      });
    },
  };
  return { tapped, seen, bring: (bytes: Uint8Array, sender?: Address) => handle(bytes, sender ?? from) };
}

// Half a minute of work for a processor of its own.
test("a million random, mutated and repeated datagrams change nothing", { timeout: 300_000 }, async () => {
  const party = await testParty();
  const limits = { handshakeTimeoutMs: 500 };
  const tap = { current: await tappedSocket({ host: "127.0.0.1", port: 0 }) };
  await using server = await createEndpoint({
    host: "127.0.0.1",
    port: 0,
    tls: await party.member(),
    alpn: ALPN,
    limits,
    socket: () => tap.current.tapped,
  });
  await using client = await createEndpoint({
    host: "127.0.0.1",
    port: 0,
    tls: await party.member(),
    alpn: ALPN,
    maxDatagramBytes: 1_300,
  });
  const accepted = nextConnection(server);
  const near = await client.dial(server.address);
  const far = await accepted;
  server.onConnection(echo);
  echo(far);
  let over = false;
  void Promise.race([near.closed, far.closed]).then(() => {
    over = true;
  });
  await ask(near, new Uint8Array(100_000));
  const { seen, bring } = tap.current;
  const real = [...seen];
  expect(real.length).toBeGreaterThan(50);

  const random = createRandom(11);
  const below = (end: number) => Math.floor(random() * end);
  const noise = randomFillSync(new Uint8Array(1 << 20));
  const strangers = Array.from({ length: 50 }, (_, i) => ({ host: `127.0.1.${i}`, port: 1_000 + i }));
  const scratch = new Uint8Array(2_048);

  const kinds: Array<() => Uint8Array> = [
    // Noise of any length.
    () => noiseOf(below(1_500)),
    // Noise that looks like an Initial of this version.
    () => {
      const bytes = noiseOf(1_200 + below(200));
      bytes.set([0xc0 | below(16), 0, 0, 0, 1, 8 + below(13)]);
      bytes[6 + (bytes[5] ?? 0)] = below(21);
      return bytes;
    },
    // Real ones with some bits turned.
    () => {
      const bytes = realOne();
      for (let i = 1 + below(4); i > 0; i--) bytes[below(bytes.length)] = below(256);
      return bytes;
    },
    // Real ones, cut off or with a tail.
    () => {
      const bytes = realOne();
      return scratch.subarray(0, random() < 0.5 ? below(bytes.length) : bytes.length + below(500));
    },
    // Real ones with a real head and noise behind it.
    () => {
      const bytes = realOne();
      const at = below(60);
      if (at < bytes.length) bytes.set(noiseOf(bytes.length - at), at);
      return bytes;
    },
    // Real ones, once more.
    realOne,
  ];

  function noiseOf(length: number): Uint8Array {
    const at = below(noise.length - length);
    const bytes = scratch.subarray(0, length);
    bytes.set(noise.subarray(at, at + length));
    return bytes;
  }

  function realOne(): Uint8Array {
    const original = real[below(real.length)] ?? new Uint8Array(1);
    const bytes = scratch.subarray(0, original.length);
    bytes.set(original);
    return bytes;
  }

  async function flood(count: number): Promise<void> {
    for (let done = 0; done < count; done += AT_ONCE) {
      for (let i = 0; i < AT_ONCE; i++) {
        const bytes = (kinds[i % kinds.length] ?? realOne)();
        bring(bytes, random() < 0.5 ? undefined : strangers[below(strangers.length)]);
      }
      // Others go on as if nothing were.
      if (done % (25 * AT_ONCE) === 0) expect((await ask(near, Uint8Array.of(7, 8))).length).toBe(2);
      else await new Promise((resolve) => setImmediate(resolve));
    }
  }

  await flood(TOTAL / 5);
  await eventually(() => server.stats().connections === 1);
  const before = await holdings();
  await flood((TOTAL * 4) / 5);
  expect(over).toBe(false);
  // What repeated Initials have begun is given up, nothing else is there.
  await eventually(() => server.stats().connections === 1 && server.stats().halfOpen === 0);
  const after = await holdings();
  expect(after.resident - before.resident).toBeLessThan(RESIDENT_ROOM_BYTES);
  expect(after.heap - before.heap).toBeLessThan(HEAP_ROOM_BYTES);
  expect((await ask(near, new Uint8Array(100_000))).length).toBe(100_000);
  const newcomer = await client.dial(server.address);
  expect((await ask(newcomer, Uint8Array.of(1, 2))).length).toBe(2);
});

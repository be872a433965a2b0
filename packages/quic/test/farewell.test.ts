import { randomBytes } from "node:crypto";
import { createRandom, eventually } from "@lanspread/testkit";
import { describe, expect, test } from "vitest";
import { ConnectionCore, type ConnectionOwner } from "../src/core/connection.ts";
import { ConfigBook } from "../src/core/native-config.ts";
import type { NativeConnection } from "../src/core/native-types.ts";
import { DEFAULT_CONGESTION, DEFAULT_LIMITS } from "../src/limits.ts";
import { loadNativeLibrary } from "../src/native.ts";
import { LINKS } from "./support/links.ts";
import { ALPN, ask, connectPair, echo, testParty } from "./support/pair.ts";

const NEAR = { host: "127.0.0.1", port: 1 };
const FAR = { host: "127.0.0.1", port: 2 };

/** Two connections of the library without sockets: what one has to say is handed to the other when the test wants it. */
async function handshake(): Promise<{ near: ConnectionCore; far: NativeConnection; farewell: Uint8Array[] }> {
  const library = await loadNativeLibrary();
  const options = { alpn: ALPN, limits: DEFAULT_LIMITS, congestion: DEFAULT_CONGESTION };
  const party = await testParty();
  const configs = await Promise.all(
    [party.member(), party.member()].map(
      async (tls) => new ConfigBook(library, { ...options, tls: await tls }),
    ),
  );
  const [dials, accepts] = [configs[0]?.get("dials", 1_472), configs[1]?.get("accepts", 1_472)];
  if (dials === undefined || accepts === undefined) throw new Error("no configurations");
  const farewell: Uint8Array[] = [];
  const nothing = () => undefined;
  const owner: ConnectionOwner = {
    wake: nothing,
    established: nothing,
    handlerFailed: nothing,
    ended: nothing,
    sendNow: (_connection, datagram) => farewell.push(datagram.slice()),
  };
  const near = new ConnectionCore({
    native: library.Connection.connect(null, randomBytes(16), NEAR, FAR, dials),
    id: "near",
    local: NEAR,
    remote: FAR,
    initiator: true,
    keepAliveMs: 10_000,
    idleTimeoutMs: 30_000,
    handshakeTimeoutMs: 10_000,
    nowMs: 0,
    owner,
  });
  const far = library.Connection.accept(randomBytes(16), null, FAR, NEAR, accepts);
  return { near, far, farewell };
}

function take(connection: ConnectionCore): Uint8Array | null {
  const packet = new Uint8Array(1_472);
  const length = connection.fill(packet);
  return length === 0 ? null : packet.subarray(0, length);
}

function takeAll(connection: ConnectionCore): Uint8Array[] {
  const packets: Uint8Array[] = [];
  for (let packet = take(connection); packet !== null && packets.length < 50; packet = take(connection))
    packets.push(packet);
  return packets;
}

/** Hands over everything until the dialling side has done its part of the handshake, and has not said so yet. */
function untilEstablished(near: ConnectionCore, far: NativeConnection): void {
  while (!near.native.isEstablished()) {
    for (const packet of takeAll(near)) far.recv(packet, { from: NEAR, to: FAR });
    const packet = new Uint8Array(1_472);
    for (let sent = far.send(packet); sent !== null; sent = far.send(packet)) {
      near.receive(packet.subarray(0, sent[0]));
    }
  }
}

describe("the farewell of a dial that is given up in mid-handshake", () => {
  test("is read by a side that has not heard of the handshake's end before", async () => {
    const { near, far, farewell } = await handshake();
    untilEstablished(near, far);
    near.close(7);
    for (const packet of [...farewell, ...takeAll(near)]) far.recv(packet, { from: NEAR, to: FAR });
    expect(far.isDraining()).toBe(true);
    expect(far.peerError()).toMatchObject({ isApp: true, errorCode: 7 });
  });

  test("is one datagram, also when a repetition of the handshake is due", async () => {
    const { near, far } = await handshake();
    untilEstablished(near, far);
    takeAll(near); // and all of it is lost
    await eventually(() => near.native.timeout() === 0);
    near.tick(1);
    near.close(7);
    expect(takeAll(near)).toHaveLength(1);
  });
});

describe.each(LINKS)("dials over $name", ({ open }) => {
  test("1,000 of them, aborted at any moment, leave no connection behind", async () => {
    await using link = open();
    const { client, near, far } = await connectPair(link);
    const tls = await (await testParty()).member();
    const random = createRandom(11);
    let accepted = 0;
    for (let batch = 0; batch < 20; batch++) {
      // Few for each, so that none is put off.
      const server = await link.endpoint({ tls, alpn: ALPN, retry: "never" });
      server.onConnection(() => accepted++);
      for (let i = 0; i < 50; i++) {
        const controller = new AbortController();
        const dialling = client.dial(server.address, { signal: controller.signal }).then(
          (connection) => connection.close(),
          () => undefined,
        );
        const turns = Math.floor(random() * 16);
        for (let turn = 0; turn < turns; turn++) await nextTurn();
        // A process that is busy: repetitions of the handshake become due at the moment of the abortion.
        if (i % 5 === 0) await busyFor(5);
        controller.abort();
        await dialling;
      }
      await server.close();
    }
    expect(accepted).toBeGreaterThan(0);
    expect(accepted).toBeLessThan(1_000);
    await eventually(() => client.stats().connections === 1);
    echo(far);
    expect(await ask(near, Uint8Array.of(1))).toEqual(Buffer.of(1));
  });
});

async function busyFor(ms: number): Promise<void> {
  const timer = new Promise((resolve) => setTimeout(resolve, 1));
  for (const endMs = performance.now() + ms; performance.now() < endMs; );
  await timer;
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

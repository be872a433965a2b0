import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { ConnectionCore, type ConnectionOwner } from "../src/core/connection.ts";
import { ConfigBook } from "../src/core/native-config.ts";
import type { NativeConnection } from "../src/core/native-types.ts";
import type { Stream } from "../src/index.ts";
import { DEFAULT_CONGESTION, DEFAULT_LIMITS } from "../src/limits.ts";
import { loadNativeLibrary } from "../src/native.ts";
import { ALPN, readExactly, testParty } from "./support/pair.ts";

const NEAR = { host: "127.0.0.1", port: 1 };
const FAR = { host: "127.0.0.1", port: 2 };
const STREAM = 0;
const BYTES = Uint8Array.of(1, 2, 3);

/** A bare connection of the library that dials, and one of ours that answers: what one has to say is handed over when the test wants it. */
async function connect() {
  const library = await loadNativeLibrary();
  const party = await testParty();
  const [dials, accepts] = await Promise.all(
    (["dials", "accepts"] as const).map(async (role) => {
      const tls = await party.member();
      const options = { tls, alpn: ALPN, limits: DEFAULT_LIMITS, congestion: DEFAULT_CONGESTION };
      return new ConfigBook(library, options).get(role, 1_200);
    }),
  );
  if (dials === undefined || accepts === undefined) throw new Error("no configurations");
  const nothing = () => undefined;
  const owner: ConnectionOwner = {
    wake: nothing,
    established: nothing,
    handlerFailed: nothing,
    ended: nothing,
    sendNow: nothing,
  };
  const near = library.Connection.connect(null, randomBytes(16), NEAR, FAR, dials);
  const far = new ConnectionCore({
    native: library.Connection.accept(randomBytes(16), null, FAR, NEAR, accepts),
    id: "far",
    local: FAR,
    remote: NEAR,
    initiator: false,
    keepAliveMs: DEFAULT_LIMITS.keepAliveMs,
    idleTimeoutMs: DEFAULT_LIMITS.idleTimeoutMs,
    handshakeTimeoutMs: DEFAULT_LIMITS.handshakeTimeoutMs,
    nowMs: 0,
    owner,
  });
  for (let i = 0; i < 10; i++) {
    tell(near, far);
    answer(far, near);
  }
  expect(far.isOpen && near.isEstablished()).toBe(true);
  return { near, far };
}

/** Hands over what the bare side has to say. */
function tell(near: NativeConnection, far: ConnectionCore): void {
  const packet = new Uint8Array(1_200);
  for (let sent = near.send(packet); sent !== null; sent = near.send(packet))
    far.receive(packet.subarray(0, sent[0]));
  far.serve();
}

/** Hands over what our side has to say, acknowledgements included. */
function answer(far: ConnectionCore, near: NativeConnection): void {
  const packet = new Uint8Array(1_200);
  for (let length = far.fill(packet); length > 0; length = far.fill(packet))
    near.recv(packet.subarray(0, length), { from: FAR, to: NEAR });
}

/** Sends bytes that are read and whose acknowledgement is lost; then repeats them together with the end. */
async function repeatWithEnd(near: NativeConnection, far: ConnectionCore, read: (stream: Stream) => void) {
  const accepted = new Promise<Stream>((resolve) => far.onStream(resolve));
  near.streamSend(STREAM, BYTES, false);
  tell(near, far);
  const stream = await accepted;
  expect(await readExactly(stream, BYTES.length)).toEqual(BYTES);
  read(stream);
  await sleep((near.timeout() ?? 0) + 2); // the library has no other clock
  near.onTimeout();
  near.streamSend(STREAM, new Uint8Array(0), true);
  tell(near, far);
  expect(near.pathStats()[0]?.retrans).toBe(1);
  return stream;
}

describe("an end that comes with bytes that were read already", () => {
  test("reaches the reader that waits for it", async () => {
    const { near, far } = await connect();
    let end: Promise<number> | undefined;
    await repeatWithEnd(near, far, (stream) => {
      end = stream.read(new Uint8Array(8));
    });
    expect(await end).toBe(0);
  });

  test("reaches the reader that comes later, when the library has forgotten the stream", async () => {
    const { near, far } = await connect();
    const stream = await repeatWithEnd(near, far, () => undefined);
    await stream.write(BYTES);
    stream.finish();
    for (let i = 0; i < 3; i++) {
      answer(far, near);
      tell(near, far);
    }
    expect(() => far.native.streamCapacity(STREAM)).toThrow();
    expect(await stream.read(new Uint8Array(8))).toBe(0);
    expect(far.stats().openStreams).toBe(0);
  });
});

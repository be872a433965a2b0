import { eventually } from "@lanspread/testkit";
import { describe, expect, test } from "vitest";
import {
  type Address,
  ConnectionClosedError,
  createDgramSocket,
  createEndpoint,
  type DatagramSocket,
  type Endpoint,
  QuicError,
} from "../src/index.ts";
import { ALPN, ask, echo, testParty } from "./support/pair.ts";

/** A real socket that can be broken. */
interface Breakable {
  readonly endpoint: Endpoint;
  /** What its next datagrams, in or out, end with. */
  readonly broken: { send?: Error; close?: Error };
  /** Hands the endpoint a datagram that no socket gives. */
  deliver(bytes: Uint8Array): void;
  fail(error: Error): void;
}

async function breakable(): Promise<Breakable> {
  const broken: Breakable["broken"] = {};
  let handler: (bytes: Uint8Array, from: Address) => void = () => undefined;
  let failed: (error: unknown) => void = () => undefined;
  const socket = async (address: Address): Promise<DatagramSocket> => {
    const real = await createDgramSocket(address);
    return {
      address: real.address,
      send(bytes, host, port) {
        if (broken.send !== undefined) throw broken.send;
        real.send(bytes, host, port);
      },
      onMessage(wanted) {
        handler = wanted;
        real.onMessage(wanted);
      },
      onFailure(wanted) {
        failed = wanted;
      },
      async close() {
        await real.close();
        if (broken.close !== undefined) throw broken.close;
      },
    };
  };
  const tls = await (await testParty()).member();
  const endpoint = await createEndpoint({ host: "127.0.0.1", port: 0, tls, alpn: ALPN, socket });
  return {
    endpoint,
    broken,
    deliver: (bytes) => handler(bytes, endpoint.address),
    fail: (error) => failed(error),
  };
}

async function healthy(): Promise<Endpoint> {
  const tls = await (await testParty()).member();
  const endpoint = await createEndpoint({ host: "127.0.0.1", port: 0, tls, alpn: ALPN });
  endpoint.onConnection(echo);
  return endpoint;
}

const BREAKS: ReadonlyArray<readonly [string, (socket: Breakable) => void]> = [
  ["whose socket throws when it sends", ({ broken }) => (broken.send = new Error("EMFILE"))],
  ["whose handler of datagrams throws", ({ deliver }) => deliver(new Proxy(new Uint8Array(40), unreadable))],
  ["whose socket says that it failed", ({ fail }) => fail(new Error("EMFILE"))],
];

/** Bytes that cannot be looked at. */
const unreadable: ProxyHandler<Uint8Array> = {
  get() {
    throw new Error("EMFILE");
  },
};

describe.each(BREAKS)("an endpoint %s", (_, breakIt) => {
  test("fails as a whole: connections, dials and socket end, and it says why", async () => {
    await using server = await healthy();
    const socket = await breakable();
    const { endpoint } = socket;
    const connection = await endpoint.dial(server.address);
    const stream = await connection.openStream();
    const reading = stream.read(new Uint8Array(8)).catch((error: unknown) => error);
    const dialling = endpoint.dial({ host: "127.0.0.1", port: 9 }).catch((error: unknown) => error);
    breakIt(socket);
    await stream.write(Uint8Array.of(1)).catch(() => undefined);
    const failure = await endpoint.failed;
    expect(failure).toBeInstanceOf(QuicError);
    expect(failure.message).toBe("the endpoint failed: EMFILE");
    expect(failure.cause).toMatchObject({ message: "EMFILE" });
    expect(await connection.closed).toEqual({
      byPeer: false,
      app: false,
      code: 1,
      reason: "the endpoint failed: EMFILE",
      timedOut: false,
    });
    expect(await reading).toBeInstanceOf(ConnectionClosedError);
    expect(await dialling).toBe(failure);
    await expect(endpoint.dial(server.address)).rejects.toBe(failure);
    expect(endpoint.stats().connections).toBe(0);
    // The port is free.
    await (await createDgramSocket(endpoint.address)).close();
    connection.close();
    await endpoint.close();
  });
});

test("a socket that throws at a farewell, and one that cannot even be closed, fail the endpoint too", async () => {
  await using server = await healthy();
  const { endpoint, broken } = await breakable();
  const connection = await endpoint.dial(server.address);
  broken.send = new Error("EMFILE");
  broken.close = new Error("EBADF");
  connection.close(5);
  expect((await endpoint.failed).message).toBe("the endpoint failed: EMFILE");
  await endpoint.close();
});

test("an endpoint that works and is closed has not failed", async () => {
  const server = await healthy();
  const { endpoint } = await breakable();
  let failed = false;
  void Promise.race([endpoint.failed, server.failed]).then(() => {
    failed = true;
  });
  const connection = await endpoint.dial(server.address);
  await ask(connection, Uint8Array.of(1));
  await endpoint.close();
  await server.close();
  await eventually(() => endpoint.stats().connections === 0);
  expect(failed).toBe(false);
});

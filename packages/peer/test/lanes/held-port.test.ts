import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { eventually } from "@lanspread/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FIRST_DATAGRAM_BYTES, MOST_HELD_DATAGRAMS } from "../../src/lanes/constants.ts";
import { HeldPort } from "../../src/lanes/held-port.ts";

const HOST = "127.0.0.1";

let knocks: number;
let held: HeldPort;
let sender: Socket;

beforeEach(async () => {
  knocks = 0;
  held = await HeldPort.take(HOST, () => {
    knocks += 1;
  });
  sender = createSocket("udp4");
  sender.bind(0, HOST);
  await once(sender, "listening");
});

afterEach(async () => {
  await held.release();
  sender.close();
});

async function send(bytes: Uint8Array): Promise<void> {
  await new Promise((sent) => {
    sender.send(bytes, held.port, HOST, sent);
  });
}

describe("a port that is held", () => {
  it("keeps what comes, with where it came from, and knocks", async () => {
    const bytes = Buffer.alloc(FIRST_DATAGRAM_BYTES, 7);
    await send(bytes);
    await eventually(() => knocks === 1);
    const { port } = sender.address();
    expect(await held.release()).toEqual([{ bytes, from: { host: HOST, port } }]);
  });

  it("does not knock for what begins no connection", async () => {
    await send(Buffer.alloc(FIRST_DATAGRAM_BYTES - 1));
    await send(Buffer.alloc(FIRST_DATAGRAM_BYTES));
    await eventually(() => knocks > 0);
    // Both have come, in their order.
    expect(knocks).toBe(1);
    expect((await held.release()).length).toBe(2);
  });

  it("keeps the first ones of a flood", async () => {
    for (let index = 0; index < MOST_HELD_DATAGRAMS + 5; index++)
      await send(Buffer.alloc(FIRST_DATAGRAM_BYTES, index));
    await eventually(() => knocks === MOST_HELD_DATAGRAMS + 5);
    const received = await held.release();
    expect(received.map(({ bytes }) => bytes[0])).toEqual(
      Array.from({ length: MOST_HELD_DATAGRAMS }, (_, index) => index),
    );
  });

  it("is somebody else's when it was released, however often that is asked for", async () => {
    await Promise.all([held.release(), held.release()]);
    const next = createSocket("udp4");
    next.bind({ port: held.port, address: HOST, exclusive: true });
    await once(next, "listening");
    next.close();
  });
});

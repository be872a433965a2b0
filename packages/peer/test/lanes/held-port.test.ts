import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { readdirSync, readlinkSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
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

/** What may begin a connection: it has a long header. */
function initial(mark: number): Buffer {
  const bytes = Buffer.alloc(FIRST_DATAGRAM_BYTES, mark);
  bytes[0] = 0xc0;
  return bytes;
}

async function send(bytes: Uint8Array): Promise<void> {
  await new Promise((sent) => {
    sender.send(bytes, held.port, HOST, sent);
  });
}

/** Sockets of this process. */
function openSockets(): number {
  const links = readdirSync("/proc/self/fd").map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return ""; // closed meanwhile
    }
  });
  return links.filter((link) => link.startsWith("socket:")).length;
}

describe("a port that is held", () => {
  it("keeps what comes, with where it came from, and knocks", async () => {
    const bytes = initial(7);
    await send(bytes);
    await eventually(() => knocks === 1);
    const { port } = sender.address();
    expect(await held.release()).toEqual([{ bytes, from: { host: HOST, port } }]);
  });

  it("has no place for what begins no connection, and does not knock for it", async () => {
    const shortHeader = initial(1);
    shortHeader[0] = 0x40;
    for (let index = 0; index < MOST_HELD_DATAGRAMS; index++) {
      await send(initial(1).subarray(0, -1));
      await send(shortHeader);
      await nextTurn(); // the system keeps some of them only
    }
    await send(initial(2));
    await eventually(() => knocks > 0);
    // All have come, in their order.
    expect(knocks).toBe(1);
    expect((await held.release()).map(({ bytes }) => bytes)).toEqual([initial(2)]);
  });

  it("keeps the first ones of a flood", async () => {
    for (let index = 0; index < MOST_HELD_DATAGRAMS + 5; index++) await send(initial(index));
    await eventually(() => knocks === MOST_HELD_DATAGRAMS + 5);
    const received = await held.release();
    expect(received.map(({ bytes }) => bytes[1])).toEqual(
      Array.from({ length: MOST_HELD_DATAGRAMS }, (_, index) => index),
    );
  });

  it("leaves no descriptor where it cannot be had", async () => {
    const before = openSockets();
    // TEST-NET-1, RFC 5737: no address of this machine.
    await expect(HeldPort.take("192.0.2.1", () => {})).rejects.toMatchObject({ code: "EADDRNOTAVAIL" });
    expect(openSockets()).toBe(before);
  });

  it("is somebody else's when it was released, however often that is asked for", async () => {
    await Promise.all([held.release(), held.release()]);
    const next = createSocket("udp4");
    next.bind({ port: held.port, address: HOST, exclusive: true });
    await once(next, "listening");
    next.close();
  });
});

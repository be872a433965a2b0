import { expect, test } from "vitest";
import { createDgramSocket, createEndpoint, type DatagramSocketFactory } from "../src/index.ts";
import { ALPN, ask, echo, nextConnection, testParty } from "./support/pair.ts";

const LARGEST_DATAGRAM = 65_536;
const ROUNDS = 20;

/** A socket that hands out every datagram in the same memory, as one that receives in batches does. */
const reusing: DatagramSocketFactory = async (address) => {
  const socket = await createDgramSocket(address);
  const slot = Buffer.alloc(LARGEST_DATAGRAM);
  return {
    address: socket.address,
    send: (...args) => socket.send(...args),
    onMessage: (handler) =>
      socket.onMessage((bytes, from) => {
        slot.set(bytes);
        handler(slot.subarray(0, bytes.length), from);
      }),
    close: () => socket.close(),
  };
};

test("datagrams of several connections are told apart when each lies where the last one lay", async () => {
  const party = await testParty();
  const open = async (socket?: DatagramSocketFactory) =>
    createEndpoint({
      ...{ host: "127.0.0.1", port: 0, tls: await party.member(), alpn: ALPN },
      ...(socket === undefined ? {} : { socket }),
    });
  await using hub = await open(reusing);
  await using first = await open();
  await using second = await open();
  const connections = [];
  for (const other of [first, second]) {
    const accepted = nextConnection(other);
    connections.push(await hub.dial(other.address));
    echo(await accepted);
  }
  for (let round = 0; round < ROUNDS; round += 1) {
    const question = Uint8Array.of(round);
    const answers = await Promise.all(connections.map((connection) => ask(connection, question)));
    for (const answer of answers) expect([...answer]).toEqual([round]);
  }
});

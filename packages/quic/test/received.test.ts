import { eventually } from "@lanspread/testkit";
import { expect, it } from "vitest";
import { type Address, createEndpoint, type DatagramSocket, type ReceivedDatagram } from "../src/index.ts";
import { ALPN, testParty } from "./support/pair.ts";

const HERE: Address = { host: "127.0.0.1", port: 40_001 };
const THERE: Address = { host: "127.0.0.1", port: 40_002 };

/** A socket to which nothing comes, with what is sent by it. */
function lonelySocket(address: Address) {
  const sent: ReceivedDatagram[] = [];
  const socket: DatagramSocket = {
    address,
    send: (bytes) => sent.push({ bytes: Uint8Array.from(bytes), from: address }),
    onMessage: () => undefined,
    close: async () => undefined,
  };
  return { socket, sent };
}

it("answers what came to its port before it was there", async () => {
  const party = await testParty();
  const near = lonelySocket(THERE);
  const setting = { host: "127.0.0.1", port: 0, alpn: ALPN };
  await using client = await createEndpoint({
    ...setting,
    tls: await party.member(),
    socket: () => near.socket,
  });
  const over = new AbortController();
  const dialled = client.dial(HERE, { signal: over.signal }).catch(() => undefined);
  const [first] = await eventually(() => near.sent.length > 0 && near.sent);
  if (first === undefined) throw new Error("nothing was sent");

  const far = lonelySocket(HERE);
  const tls = await party.member();
  const options = { ...setting, tls, retry: "never", socket: () => far.socket } as const;
  {
    await using server = await createEndpoint({ ...options, received: [first] });
    await eventually(() => far.sent.length > 0, { what: "an answer" });
    expect(server.stats()).toMatchObject({ datagramsReceived: 1, datagramsDropped: 0, halfOpen: 1 });
  }
  over.abort();
  await dialled;
});

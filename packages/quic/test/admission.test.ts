import { randomBytes } from "node:crypto";
import { eventually } from "@lanspread/testkit";
import { describe, expect, test } from "vitest";
import { CONNECTION_REFUSED, type Connection, HandshakeError } from "../src/index.ts";
import { LINKS } from "./support/links.ts";
import { ALPN, ask, connectPair, echo, testParty } from "./support/pair.ts";

describe.each(LINKS)("admission over $name", ({ open }) => {
  test("with Retry, a newcomer proves its address and gets in", async () => {
    await using link = open();
    const { server, near, far } = await connectPair(link, { server: { retry: "always" } });
    echo(far);
    expect([...(await ask(near, Uint8Array.of(1)))]).toEqual([1]);
    // A first datagram that is repeated on a machine that stood still is sent back as well.
    expect(server.stats().retriesSent).toBeGreaterThan(0);
  });

  test("64 connections of one address get in at once, the 65th is refused until one of them ends", async () => {
    await using link = open();
    const party = await testParty();
    const server = await link.endpoint({ tls: await party.member(), alpn: ALPN });
    const client = await link.endpoint({ tls: await party.member(), alpn: ALPN });
    const accepted: Connection[] = [];
    server.onConnection((connection) => accepted.push(connection));
    const dialled = await Promise.all(Array.from({ length: 64 }, () => client.dial(server.address)));
    await eventually(() => accepted.length === 64);
    expect(server.stats()).toMatchObject({ connections: 64, halfOpen: 0, refused: 0 });
    const refusal = await client.dial(server.address).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(HandshakeError);
    expect(refusal).toMatchObject({ code: CONNECTION_REFUSED, byPeer: true });
    expect(String(refusal)).toContain("takes no more connections");
    expect(server.stats().connections).toBe(64);
    expect(server.stats().refused).toBeGreaterThan(0);
    dialled[10]?.close();
    await eventually(() => server.stats().connections === 63);
    await client.dial(server.address);
    await eventually(() => server.stats().connections === 64);
  });

  test("the limit over all addresses holds too", async () => {
    await using link = open();
    const party = await testParty();
    const server = await link.endpoint({
      tls: await party.member(),
      alpn: ALPN,
      limits: { maxInboundConnections: 2 },
    });
    server.onConnection(echo);
    const clients = await Promise.all(
      [1, 2, 3].map(async () => link.endpoint({ tls: await party.member(), alpn: ALPN })),
    );
    const outcomes = await Promise.allSettled(clients.map((client) => client.dial(server.address)));
    expect(outcomes.filter(({ status }) => status === "rejected")).toHaveLength(1);
  });

  test("another version of QUIC is told which one is spoken, and costs nothing", async () => {
    await using link = open();
    const { server } = await connectPair(link);
    const socket = await link.socket();
    const answers: Buffer[] = [];
    socket.onMessage((bytes) => answers.push(Buffer.from(bytes)));
    const [destination, source] = [randomBytes(20), randomBytes(5)];
    const version = Buffer.from("ff0000aa", "hex");
    const initial = Buffer.concat([
      Buffer.of(0xc3),
      version,
      Buffer.of(destination.length),
      destination,
      Buffer.of(source.length),
      source,
      Buffer.alloc(1_200),
    ]);
    socket.send(initial, server.address.host, server.address.port);
    const answer = await eventually(() => answers[0]);
    // RFC 8999, 6: version 0, the ids turned round, then the versions.
    expect((answer[0] ?? 0) & 0x80).toBe(0x80);
    expect(answer.subarray(1).toString("hex")).toBe(
      `0000000005${source.toString("hex")}14${destination.toString("hex")}00000001`,
    );
    expect(server.stats()).toMatchObject({ versionNegotiationsSent: 1, connections: 1, halfOpen: 0 });
    // A small one gets no answer: it could be used to make more of a forged sender's bytes.
    socket.send(initial.subarray(0, 600), server.address.host, server.address.port);
    await eventually(() => server.stats().datagramsDropped === 1);
    expect(server.stats().versionNegotiationsSent).toBe(1);
  });

  test("a server that speaks other versions only: the dial fails and says so", async () => {
    await using link = open();
    const { client } = await connectPair(link);
    const socket = await link.socket();
    socket.onMessage((bytes, from) => {
      const destinationEnd = 6 + (bytes[5] ?? 0);
      const sourceEnd = destinationEnd + 1 + (bytes[destinationEnd] ?? 0);
      const answer = Buffer.concat([
        Buffer.of(0x80, 0, 0, 0, 0),
        bytes.subarray(destinationEnd, sourceEnd),
        bytes.subarray(5, destinationEnd),
        Buffer.from("ff0000aa", "hex"),
      ]);
      socket.send(answer, from.host, from.port);
    });
    const failure = await client.dial(socket.address).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(HandshakeError);
    expect(failure).toMatchObject({ byPeer: false });
  });
});

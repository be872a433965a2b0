import { eventually } from "@lanspread/testkit";
import { describe, expect, test } from "vitest";
import { type Connection, HandshakeError, QuicError } from "../src/index.ts";
import { LINKS } from "./support/links.ts";
import { ALPN, ask, connectPair, der, echo, nextConnection, testParty } from "./support/pair.ts";
import { unlessStandingStill } from "./support/standstill.ts";

describe.each(LINKS)("connections over $name", ({ open }) => {
  test("both sides know each other's address and certificate", async () => {
    await using link = open();
    const party = await testParty();
    const [serverTls, clientTls] = [await party.member(), await party.member()];
    const { client, server, near, far } = await connectPair(link, {
      server: { tls: serverTls },
      client: { tls: clientTls },
    });
    expect(near.remote).toEqual(server.address);
    expect(far.remote).toEqual(client.address);
    expect([near.initiator, far.initiator]).toEqual([true, false]);
    expect(Buffer.from(near.peerCertificate).equals(der(serverTls.cert))).toBe(true);
    expect(Buffer.from(far.peerCertificate).equals(der(clientTls.cert))).toBe(true);
    expect(near.id).not.toBe(far.id);
  });

  test("code and reason of a close reach the other side", async () => {
    await using link = open();
    const { near, far } = await connectPair(link);
    near.close(7, "zu spät");
    const info = { app: true, code: 7, reason: "zu spät", timedOut: false };
    expect(await near.closed).toEqual({ ...info, byPeer: false });
    expect(await far.closed).toEqual({ ...info, byPeer: true });
    near.close(8);
    expect((await near.closed).code).toBe(7);
  });

  test("a farewell that was lost is said again", async () => {
    await using link = open();
    const { near, far } = await connectPair(link);
    echo(far);
    await ask(near, Uint8Array.of(1));
    link.trouble.cut = true;
    far.close(3);
    link.trouble.cut = false;
    void ask(near, Uint8Array.of(2)).catch(() => undefined);
    expect(await near.closed).toMatchObject({ byPeer: true, code: 3 });
  });

  test("silence ends a connection", async () => {
    await using link = open();
    const limits = { idleTimeoutMs: 300, keepAliveMs: 100 };
    const { near, far } = await connectPair(link, { server: { limits }, client: { limits } });
    link.trouble.cut = true;
    for (const connection of [near, far]) {
      expect(await connection.closed).toMatchObject({ timedOut: true, byPeer: false });
    }
  });

  test("signs of life keep an unused connection, also when one side alone gives them", async () => {
    const idleTimeoutMs = 500;
    const keepAliveMs = 100;
    await unlessStandingStill(idleTimeoutMs - keepAliveMs, async () => {
      await using link = open();
      const { near, far } = await connectPair(link, {
        server: { limits: { idleTimeoutMs, keepAliveMs: 60_000 } },
        client: { limits: { idleTimeoutMs, keepAliveMs } },
      });
      let isOver = false;
      void Promise.race([near.closed, far.closed]).then(() => {
        isOver = true;
      });
      // Thirty of them take several idle timeouts.
      await eventually(() => far.stats().packetsReceived > 30 || isOver);
      echo(far);
      expect([...(await ask(near, Uint8Array.of(1)))]).toEqual([1]);
    });
  });

  test("connections of the same two sockets are told apart", async () => {
    await using link = open();
    const { client, server, near, far } = await connectPair(link);
    const accepted: Connection[] = [far];
    server.onConnection((connection) => {
      accepted.push(connection);
      echo(connection);
    });
    echo(far);
    const dialled = [
      near,
      ...(await Promise.all(Array.from({ length: 20 }, () => client.dial(server.address)))),
    ];
    const answers = await Promise.all(dialled.map((connection, i) => ask(connection, Uint8Array.of(i))));
    expect(answers.map((bytes) => bytes[0])).toEqual(dialled.map((_, i) => i));
    dialled[5]?.close(5);
    await eventually(() => server.stats().connections === 20);
    expect([...(await ask(near, Uint8Array.of(9)))]).toEqual([9]);
  });

  test("both sides dial each other, and one dials itself", async () => {
    await using link = open();
    const { client, server } = await connectPair(link);
    server.onConnection(echo);
    client.onConnection(echo);
    const dialled = await Promise.all([
      client.dial(server.address),
      server.dial(client.address),
      client.dial(client.address),
    ]);
    for (const connection of dialled) expect([...(await ask(connection, Uint8Array.of(3)))]).toEqual([3]);
  });

  test("a dial to nobody is given up", async () => {
    await using link = open();
    const { client } = await connectPair(link);
    const socket = await link.socket();
    const failure = await client.dial(socket.address, { timeoutMs: 200 }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(HandshakeError);
    expect(failure).toMatchObject({ code: null, byPeer: false });
    await eventually(() => client.stats().connections === 1);
  });

  test("a dial can be aborted, before and while it goes on", async () => {
    await using link = open();
    const { client, server } = await connectPair(link);
    const socket = await link.socket();
    const reason = new Error("no longer wanted");
    await expect(client.dial(server.address, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const controller = new AbortController();
    const dialling = client.dial(socket.address, { signal: controller.signal });
    controller.abort(reason);
    await expect(dialling).rejects.toBe(reason);
    expect(client.stats().connections).toBe(1);
    const connection = await client.dial(server.address, { signal: new AbortController().signal });
    connection.close();
  });

  test("an endpoint that is closed takes its connections along and frees its port", async () => {
    await using link = open();
    const { client, server, near, far } = await connectPair(link);
    const socket = await link.socket();
    const dialling = server.dial(socket.address);
    const refused = expect(dialling).rejects.toThrow(/endpoint is closed/);
    await Promise.all([server.close(), server.close()]);
    await refused;
    expect(await far.closed).toMatchObject({ byPeer: false, app: true, code: 0 });
    expect(await near.closed).toMatchObject({ byPeer: true, app: true, code: 0 });
    await expect(server.dial(client.address)).rejects.toBeInstanceOf(QuicError);
    expect(server.stats().connections).toBe(0);
    await expect(client.dial(server.address, { timeoutMs: 200 })).rejects.toBeInstanceOf(HandshakeError);
  });

  test("nobody to take connections: they are refused", async () => {
    await using link = open();
    const party = await testParty();
    const server = await link.endpoint({ tls: await party.member(), alpn: ALPN });
    const client = await link.endpoint({ tls: await party.member(), alpn: ALPN });
    const outcome = await client.dial(server.address).then(
      (connection) => connection.closed,
      (error: unknown) => error,
    );
    expect(outcome).toMatchObject({ byPeer: true, code: 2 });
  });

  test("a handler of connections that throws ends its connection only", async () => {
    await using link = open();
    const warnings: string[] = [];
    const logger = { debug: () => undefined, warn: (message: string) => warnings.push(message) };
    const { client, server, near, far } = await connectPair(link, { server: { logger } });
    server.onConnection(() => {
      throw new Error("handler's fault");
    });
    const outcome = await client.dial(server.address).then(
      (connection) => connection.closed,
      (error: unknown) => error,
    );
    expect(outcome).toMatchObject({ byPeer: true, code: 0 });
    expect(warnings).toHaveLength(1);
    echo(far);
    expect([...(await ask(near, Uint8Array.of(2)))]).toEqual([2]);
  });

  test("new credentials hold for connections to come", async () => {
    await using link = open();
    const party = await testParty();
    const { client, server, near } = await connectPair(link);
    const renewed = await party.member();
    server.updateTls(renewed);
    const accepted = nextConnection(server);
    const second = await client.dial(server.address);
    await accepted;
    expect(Buffer.from(second.peerCertificate).equals(der(renewed.cert))).toBe(true);
    expect(Buffer.from(near.peerCertificate).equals(der(renewed.cert))).toBe(false);
    expect(() => server.updateTls({ ...renewed, key: "no key" })).toThrow();
  });
});

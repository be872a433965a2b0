import { randomInt } from "node:crypto";
import { describe, expect, test } from "vitest";
import { type Connection, CRYPTO_ERROR, HandshakeError, type TlsOptions } from "../src/index.ts";
import { type EndpointSetting, LINKS, type Link } from "./support/links.ts";
import { ALPN, ask, echo, testParty } from "./support/pair.ts";
import { createParty } from "./support/party.ts";
import { dialWithoutCertificate } from "./support/raw-client.ts";

/** Dials, and checks that the server never sees a connection and goes on serving members. */
async function refusedDial(
  link: Link,
  client: Partial<EndpointSetting>,
  server: Partial<EndpointSetting> = {},
): Promise<unknown> {
  const party = await testParty();
  const accepted: Connection[] = [];
  const listener = await link.endpoint({ tls: await party.member(), alpn: ALPN, ...server });
  listener.onConnection((connection) => accepted.push(connection));
  const dialler = await link.endpoint({ tls: await party.member(), alpn: ALPN, ...client });
  const outcome = await dialler.dial(listener.address).catch((error: unknown) => error);
  expect(accepted).toHaveLength(0);
  expect(outcome).toBeInstanceOf(HandshakeError);
  return outcome;
}

/** A port that no system gives by itself to who asks for any: those are from 32,768 on, or higher. */
function portOfNobody(): number {
  return 20_000 + randomInt(10_000);
}

/** Credentials of a stranger who knows the party's public CA certificate. */
async function stranger(): Promise<TlsOptions> {
  const [party, other] = await Promise.all([testParty(), createParty("others")]);
  return { ...(await other.member()), ca: party.ca };
}

describe.each(LINKS)("trust over $name", ({ open }) => {
  test("a dialler with a certificate of another CA: its dial fails, although its own handshake went through", async () => {
    await using link = open();
    for (let i = 0; i < 10; i++) {
      expect(await refusedDial(link, { tls: await stranger() })).toMatchObject({
        code: CRYPTO_ERROR.unknownCa,
        byPeer: true,
      });
    }
  });

  test("a server with a certificate of another CA is refused by the dialler", async () => {
    await using link = open();
    expect(await refusedDial(link, {}, { tls: await stranger() })).toMatchObject({
      code: CRYPTO_ERROR.unknownCa,
      byPeer: false,
    });
  });

  test("a dialler without a certificate is refused", async () => {
    await using link = open();
    const party = await testParty();
    const accepted: Connection[] = [];
    const server = await link.endpoint({ tls: await party.member(), alpn: ALPN });
    server.onConnection((connection) => accepted.push(connection));
    const error = await dialWithoutCertificate(await link.socket(), server.address, ALPN, party.ca);
    expect(error).toMatchObject({ isApp: false, errorCode: CRYPTO_ERROR.certificateRequired });
    expect(accepted).toHaveLength(0);
    expect(server.stats().connections).toBe(0);
  });

  test("certificates that have expired or are not valid yet are refused, on both sides", async () => {
    await using link = open();
    const party = await testParty();
    const expired = await party.member({ validDays: [-10, -1] });
    const early = await party.member({ validDays: [5, 10] });
    expect(await refusedDial(link, { tls: expired })).toMatchObject({
      code: CRYPTO_ERROR.certificateExpired,
      byPeer: true,
    });
    expect(await refusedDial(link, {}, { tls: expired })).toMatchObject({
      code: CRYPTO_ERROR.certificateExpired,
      byPeer: false,
    });
    expect(await refusedDial(link, { tls: early })).toMatchObject({ byPeer: true });
  });

  test("another application protocol is refused, and the error says so", async () => {
    await using link = open();
    const error = await refusedDial(link, { alpn: "test/2" });
    expect(error).toMatchObject({ code: CRYPTO_ERROR.noApplicationProtocol, byPeer: true });
    expect(String(error)).toContain("no common application protocol");
  });

  test("credentials that cannot be used fail at once, and the port is free again", async () => {
    await using link = open();
    const party = await testParty();
    const [one, other] = [await party.member(), await party.member()];
    const port = portOfNobody();
    for (const tls of [
      { ...one, key: other.key },
      { ...one, cert: "no certificate" },
      { ...one, ca: "no CA" },
      { ...one, key: "" },
    ]) {
      await expect(link.endpoint({ tls, alpn: ALPN, port }), JSON.stringify(tls)).rejects.toThrow();
    }
    const server = await link.endpoint({ tls: one, alpn: ALPN, port });
    server.onConnection(echo);
    const client = await link.endpoint({ tls: other, alpn: ALPN });
    expect([...(await ask(await client.dial(server.address), Uint8Array.of(4)))]).toEqual([4]);
  });

  test("a port that is taken gives the system's error with the address", async () => {
    await using link = open();
    const party = await testParty();
    const tls = await party.member();
    const first = await link.endpoint({ tls, alpn: ALPN });
    const error = await link
      .endpointAt(first.address, { tls, alpn: ALPN })
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "EADDRINUSE" });
    expect(String(error)).toContain(`${first.address.host}:${first.address.port}`);
  });
});

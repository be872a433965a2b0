import { once } from "node:events";
import { connect, createServer, type TLSSocket } from "node:tls";
import { temporaryDirectory } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import {
  createPartyCa,
  type Identity,
  openIdentity,
  type PartyCa,
  peerIdFromCertificate,
} from "../../src/identity/index.ts";
import { openStateDir } from "../../src/storage/index.ts";

async function identityOf(partyCa: PartyCa): Promise<Identity> {
  await using dir = await temporaryDirectory();
  return await openIdentity({ stateDir: await openStateDir(dir.path), partyCa });
}

/** A TLS 1.3 handshake with certificates on both sides. Resolves with who each side saw, or with the refusal. */
async function handshake(
  server: Identity,
  client: Identity,
): Promise<{ server: string; client: string } | string> {
  const listener = createServer({
    key: server.keyPem,
    cert: server.certPem,
    ca: server.caPem,
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: "TLSv1.3",
  });
  const listening = once(listener, "listening");
  listener.listen(0, "127.0.0.1");
  await listening;
  const address = listener.address();
  if (address === null || typeof address === "string") throw new Error("no address");
  const accepted = new Promise<TLSSocket | Error>((resolve) => {
    listener.once("secureConnection", resolve);
    listener.once("tlsClientError", resolve);
  });
  const socket = connect({
    port: address.port,
    host: "127.0.0.1",
    key: client.keyPem,
    cert: client.certPem,
    ca: client.caPem,
    checkServerIdentity: () => undefined,
  });
  const connected = new Promise<TLSSocket | Error>((resolve) => {
    socket.once("secureConnect", () => resolve(socket));
    socket.on("error", resolve);
  });
  try {
    const [a, b] = await Promise.all([accepted, connected]);
    if (a instanceof Error) return a.message;
    if (b instanceof Error) return b.message;
    return {
      server: peerIdFromCertificate(b.getPeerCertificate().raw),
      client: peerIdFromCertificate(a.getPeerCertificate().raw),
    };
  } finally {
    socket.destroy();
    listener.close();
    await once(listener, "close");
  }
}

describe("a TLS handshake between peers", () => {
  it("succeeds within a party, and both sides learn the other's id", async () => {
    const partyCa = await createPartyCa();
    const [server, client] = [await identityOf(partyCa), await identityOf(partyCa)];
    expect(await handshake(server, client)).toEqual({ server: server.peerId, client: client.peerId });
  });

  it("fails between two parties", async () => {
    const [server, client] = [
      await identityOf(await createPartyCa()),
      await identityOf(await createPartyCa()),
    ];
    expect(await handshake(server, client)).toEqual(expect.any(String));
    // The server alone decides here: the client trusts the server's party, but is no member of it.
    expect(await handshake(server, { ...client, caPem: server.caPem })).toEqual(expect.any(String));
  });
});

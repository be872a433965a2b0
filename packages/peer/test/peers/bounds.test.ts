import { ALPN, MAX_CONNECTIONS_PER_ADDRESS, PROTOCOL_VERSION } from "@lanspread/proto";
import { createEndpoint, type Endpoint } from "@lanspread/quic";
import { createVirtualClock } from "@lanspread/testkit";
import { describe, expect, it } from "vitest";
import type { Identity } from "../../src/identity/index.ts";
import { MAX_PEERS } from "../../src/peers/constants.ts";
import { CONTROL_REQUESTS_PER_SECOND } from "../../src/serve/constants.ts";
import { createStreamChannel } from "../../src/transfer/index.ts";
import { startRawPeer } from "./raw-peer.ts";
import { game, library, makeIdentities, startTestPeer } from "./support.ts";

function tlsOf({ keyPem, certPem, caPem }: Identity) {
  return { key: keyPem, cert: certPem, ca: caPem };
}

describe("a crowd", () => {
  it("is let in up to the bound; whoever comes then is told to come back later", async () => {
    // Time stands still: those who came first answer no ping, and are lost where it takes long until all have come.
    await using a = await startTestPeer({ host: "127.0.0.1", clock: createVirtualClock() });
    const endpoints: Endpoint[] = [];
    try {
      const identities = await makeIdentities(MAX_PEERS + 1);
      const join = async (identity: Identity, index: number) => {
        if (index % MAX_CONNECTIONS_PER_ADDRESS === 0) {
          const host = `127.0.1.${endpoints.length + 1}`;
          const tls = tlsOf(identity);
          endpoints.push(await createEndpoint({ host, port: 0, tls, alpn: ALPN }));
        }
        const endpoint = endpoints.at(-1);
        if (endpoint === undefined) throw new Error("no endpoint");
        endpoint.updateTls(tlsOf(identity));
        const connection = await endpoint.dial({ host: "127.0.0.1", port: a.port });
        const channel = createStreamChannel((waiting) => connection.openStream(waiting));
        const answer = await channel.request({
          type: "hello",
          peer_id: identity.peerId,
          proto_ver: PROTOCOL_VERSION,
          listen_addr: "0.0.0.0:4000",
          name: `peer ${index}`,
          party: "test",
          features: [],
          library: library(1),
        });
        return { answer, connection };
      };
      const joined: Awaited<ReturnType<typeof join>>[] = [];
      const [last, ...crowd] = identities;
      if (last === undefined) throw new Error("no identity");
      for (const [index, identity] of crowd.entries()) joined.push(await join(identity, index));
      expect(joined.every(({ answer }) => answer.type === "hello_ack")).toBe(true);
      expect(a.mesh.peers()).toHaveLength(MAX_PEERS);

      const { answer } = await join(last, MAX_PEERS);
      expect(answer).toMatchObject({ type: "error", code: "busy", retryable: true });
      expect(a.mesh.peers()).toHaveLength(MAX_PEERS);
    } finally {
      await Promise.all(endpoints.map((endpoint) => endpoint.close()));
    }
  });
});

describe("a peer that floods another one with requests", () => {
  it("is told that it is busy; the others join, tell and ask as ever, and it stays a peer itself", async () => {
    await using a = await startTestPeer();
    await using loud = await startRawPeer();
    await using quiet = await startRawPeer();
    const { channel } = await loud.dial(a.port);
    await channel.request(loud.hello({ library: library(1, game("quake")) }));
    const answers: string[] = [];
    const flood = Promise.all(
      Array.from({ length: 40 * CONTROL_REQUESTS_PER_SECOND }, async () => {
        const answer = await channel.request({ type: "list_games" });
        answers.push(answer.type === "error" ? answer.code : answer.type);
      }),
    );
    const other = await quiet.dial(a.port);
    const { peerId } = quiet.identity;
    const delta = { from_rev: 1, to_rev: 2, added: [game("doom")], updated: [], removed: [] };
    expect(await other.channel.request(quiet.hello())).toMatchObject({ type: "hello_ack" });
    expect(await other.channel.request({ type: "library_delta", peer_id: peerId, delta })).toEqual({
      type: "ok",
    });
    expect(await other.channel.request({ type: "list_games" })).toMatchObject({ type: "games" });
    await flood;
    expect(new Set(answers)).toEqual(new Set(["games", "busy"]));
    expect(a.mesh.games().map(({ id }) => id)).toEqual(["doom", "quake"]);
    expect(a.mesh.peers()).toHaveLength(2);
  });
});

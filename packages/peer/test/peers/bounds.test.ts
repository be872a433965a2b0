import { ALPN, MAX_CONNECTIONS_PER_ADDRESS, PROTOCOL_VERSION } from "@lanspread/proto";
import { createEndpoint, type Endpoint } from "@lanspread/quic";
import { describe, expect, it } from "vitest";
import type { Identity } from "../../src/identity/index.ts";
import { MAX_PEERS } from "../../src/peers/constants.ts";
import { createStreamChannel } from "../../src/transfer/index.ts";
import { library, makeIdentities, startTestPeer } from "./support.ts";

function tlsOf({ keyPem, certPem, caPem }: Identity) {
  return { key: keyPem, cert: certPem, ca: caPem };
}

describe("a crowd", () => {
  it("is let in up to the bound; whoever comes then is told to come back later", async () => {
    await using a = await startTestPeer({ host: "127.0.0.1" });
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

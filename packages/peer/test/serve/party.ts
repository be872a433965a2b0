import { ALPN } from "@lanspread/proto";
import { type Connection, createEndpoint, type Endpoint } from "@lanspread/quic";
import { createPartyCa, openIdentity, peerIdFromCertificate } from "../../src/identity/index.ts";
import { openStateDir } from "../../src/storage/index.ts";
import type { ServeRig } from "./rig.ts";

export interface Party extends AsyncDisposable {
  readonly connection: Connection;
  /** Ends when the answerer knows that the connection is over. */
  readonly over: Promise<void>;
}

/** Two endpoints on the loopback interface; the rig answers on one of them. */
export async function connect(rig: ServeRig): Promise<Party> {
  const partyCa = await createPartyCa();
  const endpoint = async (name: string): Promise<Endpoint> => {
    const stateDir = await openStateDir(rig.library.dir.join(name));
    const { keyPem, certPem, caPem } = await openIdentity({ stateDir, partyCa });
    const tls = { key: keyPem, cert: certPem, ca: caPem };
    return await createEndpoint({ host: "127.0.0.1", port: 0, tls, alpn: ALPN });
  };
  const [server, client] = [await endpoint("server"), await endpoint("client")];
  const over = Promise.withResolvers<void>();
  server.onConnection((connection) => {
    const closed = new AbortController();
    const context = {
      peerId: peerIdFromCertificate(connection.peerCertificate),
      remote: connection.remote,
      connectionId: connection.id,
      signal: closed.signal,
    };
    connection.onStream((stream) => void rig.server.serveStream(stream, context));
    void connection.closed.then(() => {
      closed.abort();
      over.resolve();
    });
  });
  return {
    connection: await client.dial(server.address),
    over: over.promise,
    [Symbol.asyncDispose]: async () => {
      await Promise.all([client.close(), server.close()]);
    },
  };
}

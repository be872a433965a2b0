import { ALPN, asPeerId, type PeerId, parseRequest, RESET, type Request } from "@lanspread/proto";
import { type Connection, createEndpoint, type Endpoint, type Stream } from "@lanspread/quic";
import { createPartyCa, openIdentity, type PartyCa } from "../../../src/identity/index.ts";
import { openStateDir } from "../../../src/storage/index.ts";
import type { StreamSource } from "../../../src/stream-install/receive/index.ts";
import { createStreamChannel, readFrameBody, readFrameLength } from "../../../src/transfer/index.ts";

/** What a sender does with the stream of a request. It ends the stream itself, or does not. */
export type Script = (stream: Stream, connection: Connection) => Promise<void>;

/** A source behind a real connection, whose side does what a script says. */
export interface ScriptedSender extends StreamSource, AsyncDisposable {
  /** Every request that came. */
  readonly requests: Request[];
  /** Resolves when the script of the first request has ended, as it does when the receiver gives up. */
  readonly released: Promise<void>;
  /** Streams that are open at the receiver. */
  openStreams(): number;
}

export interface Senders extends AsyncDisposable {
  add(script: Script): Promise<ScriptedSender>;
}

/** Makes senders of one party. @param directory where their keys go */
export async function createSenders(directory: string): Promise<Senders> {
  const partyCa = await createPartyCa();
  const opened = new AsyncDisposableStack();
  const client = await endpoint(partyCa, `${directory}/receiver`);
  opened.defer(() => client.close());
  let count = 0;
  return {
    add: async (script) => {
      count += 1;
      const server = await endpoint(partyCa, `${directory}/sender-${count}`);
      opened.defer(() => server.close());
      return await sender(client, server, numbered(count), script);
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

async function endpoint(partyCa: PartyCa, directory: string): Promise<Endpoint> {
  const { keyPem, certPem, caPem } = await openIdentity({ stateDir: await openStateDir(directory), partyCa });
  return createEndpoint({
    host: "127.0.0.1",
    port: 0,
    tls: { key: keyPem, cert: certPem, ca: caPem },
    alpn: ALPN,
  });
}

async function sender(
  client: Endpoint,
  server: Endpoint,
  peerId: PeerId,
  script: Script,
): Promise<ScriptedSender> {
  const requests: Request[] = [];
  const released = Promise.withResolvers<void>();
  server.onConnection((connection) => {
    connection.onStream((stream) => void serve(stream, connection));
  });
  const serve = async (stream: Stream, connection: Connection): Promise<void> => {
    try {
      const body = Buffer.alloc((await readFrameLength(stream, 1000)) ?? 0);
      await readFrameBody(stream, body);
      requests.push(parseRequest(body));
      await script(stream, connection);
    } catch {
      stream.reset(RESET.cancelled);
    } finally {
      released.resolve();
    }
  };
  const connection = await client.dial(server.address);
  return {
    peerId,
    channel: createStreamChannel((options) => connection.openStream(options)),
    requests,
    released: released.promise,
    openStreams: () => connection.stats().openStreams,
    [Symbol.asyncDispose]: async () => {
      connection.close();
      await server.close();
    },
  };
}

function numbered(count: number): PeerId {
  return asPeerId(`00000000-0000-8000-8000-${String(count).padStart(12, "0")}`);
}

/** Sends these bytes, and finishes. */
export function sends(bytes: Uint8Array): Script {
  return async (stream) => {
    const written = stream.write(bytes);
    stream.finish();
    await written;
  };
}

/** Sends these bytes, and then nothing. */
export function sendsAndWaits(bytes: Uint8Array): Script {
  return async (stream) => {
    await stream.write(bytes);
    await new Promise(() => {});
  };
}

/** Sends these bytes, and then the same raw frame again and again until the receiver gives up. */
export function sendsForEver(bytes: Uint8Array, frame: Uint8Array): Script {
  return async (stream) => {
    await stream.write(bytes);
    for (;;) await stream.write(frame);
  };
}

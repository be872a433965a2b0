import {
  ALPN,
  type Answer,
  encodeFrame,
  type Hello,
  MAX_HELLO_BYTES,
  PROTOCOL_VERSION,
  parseRequest,
  type Request,
} from "@lanspread/proto";
import { type Connection, createEndpoint, type Endpoint } from "@lanspread/quic";
import type { Identity } from "../../src/identity/index.ts";
import {
  createStreamChannel,
  type RequestChannel,
  type RequestStream,
  readFrameBody,
  readFrameLength,
} from "../../src/transfer/index.ts";
import { library, makeIdentity } from "./support.ts";

/** Somebody with a certificate of the party who says whatever a test wants. */
export interface RawPeer extends AsyncDisposable {
  readonly identity: Identity;
  readonly endpoint: Endpoint;
  /** Connections that others opened, in their order. */
  readonly inbound: readonly Connection[];
  /** Opens a connection. */
  dial(port: number): Promise<{ readonly connection: Connection; readonly channel: RequestChannel }>;
  /** A hello that would be believed, with changes. */
  hello(changes?: Partial<Omit<Hello, "type">>): Hello;
  /**
   * Answers requests on all its connections, inbound and dialled: an object is sent as a frame, bytes as they are; null: never.
   */
  answerWith(
    answer: (request: Request, connection: Connection) => object | null | Promise<object | null>,
  ): void;
}

export async function startRawPeer(
  options: { readonly identity?: Identity; readonly alpn?: string } = {},
): Promise<RawPeer> {
  const identity = options.identity ?? (await makeIdentity());
  const endpoint = await createEndpoint({
    host: "127.0.0.1",
    port: 0,
    tls: { key: identity.keyPem, cert: identity.certPem, ca: identity.caPem },
    alpn: options.alpn ?? ALPN,
  });
  let answer: Parameters<RawPeer["answerWith"]>[0] = () => ({ type: "ok" }) satisfies Answer;
  const serve = (connection: Connection) => {
    connection.onStream((stream) => {
      // A stream that breaks off is what some tests are about.
      serveOne(stream, (request) => answer(request, connection)).catch(() => {});
    });
  };
  const inbound: Connection[] = [];
  endpoint.onConnection((connection) => {
    inbound.push(connection);
    serve(connection);
  });
  return {
    identity,
    endpoint,
    inbound,
    dial: async (port) => {
      const connection = await endpoint.dial({ host: "127.0.0.1", port });
      serve(connection);
      return { connection, channel: createStreamChannel((waiting) => connection.openStream(waiting)) };
    },
    hello: (changes = {}) => ({
      type: "hello",
      peer_id: identity.peerId,
      proto_ver: PROTOCOL_VERSION,
      listen_addr: "127.0.0.1:45678",
      name: "raw",
      party: "test",
      features: [],
      library: library(1),
      ...changes,
    }),
    answerWith: (with_) => {
      answer = with_;
    },
    [Symbol.asyncDispose]: () => endpoint.close(),
  };
}

async function serveOne(
  stream: RequestStream,
  answer: (request: Request) => object | null | Promise<object | null>,
): Promise<void> {
  const length = await readFrameLength(stream, MAX_HELLO_BYTES);
  if (length === null) return;
  const body = Buffer.alloc(length);
  await readFrameBody(stream, body);
  const said = await answer(parseRequest(body));
  if (said === null) return;
  await stream.write(said instanceof Uint8Array ? said : encodeFrame(said));
  stream.finish();
}

import { createHash, X509Certificate } from "node:crypto";
import type { Connection, Endpoint, Stream } from "../../src/index.ts";
import type { EndpointSetting, Link } from "./links.ts";
import { createParty, type Party } from "./party.ts";

export const ALPN = "test/1";

let shared: Promise<Party> | undefined;

/** One party for all tests of a file: making keys costs more than most tests. */
export function testParty(): Promise<Party> {
  shared ??= createParty();
  return shared;
}

export interface Pair {
  readonly client: Endpoint;
  readonly server: Endpoint;
  /** The client's end. */
  readonly near: Connection;
  /** The server's end. */
  readonly far: Connection;
}

export interface PairSettings {
  readonly client?: Partial<EndpointSetting>;
  readonly server?: Partial<EndpointSetting>;
}

/** Two endpoints of one party with a connection between them. */
export async function connectPair(link: Link, settings: PairSettings = {}): Promise<Pair> {
  const party = await testParty();
  const server = await link.endpoint({ tls: await party.member(), alpn: ALPN, ...settings.server });
  const client = await link.endpoint({ tls: await party.member(), alpn: ALPN, ...settings.client });
  const accepted = nextConnection(server);
  const near = await client.dial(server.address);
  return { client, server, near, far: await accepted };
}

export function nextConnection(endpoint: Endpoint): Promise<Connection> {
  return new Promise((resolve) => endpoint.onConnection(resolve));
}

/** Opens a stream and sends a first byte, so that the other side gets it. */
export async function connectStreams(from: Connection, to: Connection): Promise<[Stream, Stream]> {
  const accepted = new Promise<Stream>((resolve) => to.onStream(resolve));
  const near = await from.openStream();
  await near.write(Uint8Array.of(1));
  const far = await accepted;
  await readExactly(far, 1);
  return [near, far];
}

export async function readExactly(stream: Stream, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; ) {
    const count = await stream.read(bytes.subarray(at));
    if (count === 0) throw new Error(`the stream ended after ${at} of ${length} bytes`);
    at += count;
  }
  return bytes;
}

/** Everything up to the end. */
export async function readAll(stream: Stream): Promise<Buffer> {
  const parts: Buffer[] = [];
  const buffer = new Uint8Array(64 * 1024);
  for (let count = await stream.read(buffer); count > 0; count = await stream.read(buffer)) {
    parts.push(Buffer.from(buffer.subarray(0, count)));
  }
  return Buffer.concat(parts);
}

/** Sends bytes and the end, in pieces of no round size. */
export async function sendAll(stream: Stream, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; at += 99_991) await stream.write(bytes.subarray(at, at + 99_991));
  stream.finish();
}

/** Sends back whatever comes, on every stream of a connection. */
export function echo(connection: Connection): void {
  connection.onStream((stream) => void echoStream(stream));
}

async function echoStream(stream: Stream): Promise<void> {
  try {
    const buffer = new Uint8Array(64 * 1024);
    for (let count = await stream.read(buffer); count > 0; count = await stream.read(buffer)) {
      await stream.write(buffer.subarray(0, count));
    }
    stream.finish();
  } catch {
    // The test has ended it on the other side, and sees it there.
  }
}

/** A round trip on a stream of its own: proof that a connection works. */
export async function ask(connection: Connection, bytes: Uint8Array): Promise<Buffer> {
  const stream = await connection.openStream();
  const [answer] = await Promise.all([readAll(stream), sendAll(stream, bytes)]);
  return answer;
}

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** DER of a PEM certificate. */
export function der(pem: string): Buffer {
  return new X509Certificate(pem).raw;
}

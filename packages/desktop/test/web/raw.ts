import { connect, type Socket } from "node:net";

/** An answer as it came. */
export interface RawAnswer {
  /** 0 where the connection was closed without one. */
  readonly status: number;
  /** By name in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  /** Everything that came, of all answers. */
  readonly text: string;
}

/** Long enough for a machine under load; a connection that nobody closes is a fault. */
const DEADLINE_MS = 60_000;

/** A connection that sends bytes which no client of HTTP would. */
export async function dial(origin: string, options: { allowHalfOpen?: boolean } = {}): Promise<Socket> {
  const { hostname, port } = new URL(origin);
  const socket = connect({ ...options, host: hostname.replace(/^\[|\]$/gu, ""), port: Number(port) });
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", reject);
  });
  socket.on("error", () => {});
  return socket;
}

/**
 * Sends bytes as they are. Resolves when the other side has closed the connection, which it has to: the own side does not.
 */
export async function say(origin: string, bytes: string | Buffer): Promise<RawAnswer> {
  const socket = await dial(origin);
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const late = setTimeout(() => reject(new Error(`nobody closed it: ${Buffer.concat(chunks)}`)), DEADLINE_MS);
  socket.once("close", () => resolve());
  socket.write(bytes);
  try {
    await promise;
  } finally {
    clearTimeout(late);
    socket.destroy();
  }
  return parse(Buffer.concat(chunks).toString("latin1"));
}

/** A request with these lines behind the first one. */
export function requestOf(first: string, lines: readonly string[]): string {
  return [first, ...lines, "", ""].join("\r\n");
}

function parse(text: string): RawAnswer {
  const [head = ""] = text.split("\r\n\r\n");
  const [first = "", ...lines] = head.split("\r\n");
  const headers = lines.map((line): [string, string] => {
    const at = line.indexOf(":");
    return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()];
  });
  return { status: Number(/^HTTP\/1\.1 (\d{3})/u.exec(first)?.[1] ?? 0), headers: new Map(headers), text };
}
